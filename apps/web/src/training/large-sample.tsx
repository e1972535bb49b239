'use client';

import type { SampleView } from '@pixgen/domain';
import { Button } from '@pixgen/ui';
import { Modal } from '@pixgen/ui/modal';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect } from 'react';
import { Print } from '@/gallery/print';
import { useReadable } from '@/generation/readable-prompt';

type Props = {
  /** A row per prompt, in the order of their steps. */
  rows: readonly (readonly SampleView[])[];
  id: string;
  onView: (id: string) => void;
  onClose: () => void;
};

/** One sample as large as the window allows; its neighbours are the same prompt at the steps before and after. */
export default function LargeSample({ rows, id, onView, onClose }: Props) {
  const t = useTranslations('training');
  const shell = useTranslations('shell');
  const readable = useReadable();
  const row = rows.find((samples) => samples.some((sample) => sample.id === id)) ?? [];
  const at = row.findIndex((sample) => sample.id === id);
  const [sample, before, after] = [row[at], row[at - 1], row[at + 1]];
  useEffect(() => {
    const walk = (event: KeyboardEvent) => {
      if (event.key === 'ArrowLeft' && before) onView(before.id);
      if (event.key === 'ArrowRight' && after) onView(after.id);
    };
    window.addEventListener('keydown', walk);
    return () => window.removeEventListener('keydown', walk);
  });
  if (!sample) return null;
  const prompt = readable(sample.prompt);
  return (
    <Modal
      title={prompt}
      closeLabel={shell('close')}
      onClose={onClose}
      className="top-[4dvh] max-h-[92dvh] w-[min(56rem,calc(100vw-1rem))]"
    >
      <div className="grid gap-4">
        {/* Small ones are not blown up beyond recognition. */}
        <div
          className="mx-auto w-full"
          style={{ maxWidth: `min(70dvh * ${sample.width / sample.height}, ${Math.max(384, sample.width * 2)}px)` }}
        >
          <Print
            key={sample.id}
            src={`/s/${sample.id}`}
            alt={t('afterSteps', { prompt, step: sample.step })}
            width={sample.width}
            height={sample.height}
            sizes="(min-width: 64rem) 56rem, 100vw"
            priority
            develops={false}
            className="h-auto w-full rounded-print"
          />
        </div>
        <div className="flex items-center justify-between gap-3">
          <Button size="sm" disabled={!before} onClick={() => before && onView(before.id)}>
            <ChevronLeft aria-hidden="true" /> {t('earlierStep')}
          </Button>
          <p role="status" className="text-ink-2 text-sm tabular-nums">
            {t('step2', { step: sample.step })}
          </p>
          <Button size="sm" disabled={!after} onClick={() => after && onView(after.id)}>
            {t('laterStep')} <ChevronRight aria-hidden="true" />
          </Button>
        </div>
      </div>
    </Modal>
  );
}
