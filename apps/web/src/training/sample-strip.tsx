'use client';

import type { SampleView } from '@pixgen/domain';
import { useTranslations } from 'next-intl';
import { lazy, Suspense, useState } from 'react';
import { Print } from '@/gallery/print';
import { useReadable } from '@/generation/readable-prompt';

// Fetched when the first sample is opened: a window weighs more than the strip.
const LargeSample = lazy(() => import('./large-sample'));

/** What the model drew while it was trained: a row per prompt, a picture per step, always from the same seed. */
export function SampleStrip({ samples }: { samples: readonly SampleView[] }) {
  const t = useTranslations('training');
  const readable = useReadable();
  const [opened, setOpened] = useState<string | null>(null);
  const rows = [...Map.groupBy(samples, ({ prompt }) => prompt)];
  return (
    <div className="grid gap-4">
      {rows.map(([prompt, row]) => (
        <figure key={prompt} className="grid min-w-0 gap-2">
          <figcaption className="text-ink-2 text-sm">{readable(prompt)}</figcaption>
          <ul aria-label={t('samples', { prompt: readable(prompt) })} className="flex gap-2 overflow-x-auto p-1">
            {row.map((sample) => (
              <li key={sample.id} className="grid shrink-0 gap-1 text-ink-2 text-xs tabular-nums">
                <button
                  type="button"
                  aria-haspopup="dialog"
                  onClick={() => setOpened(sample.id)}
                  className="block size-24 overflow-hidden rounded-print"
                >
                  <Print
                    src={`/s/${sample.id}`}
                    alt={t('afterSteps', { prompt: readable(prompt), step: sample.step })}
                    width={sample.width}
                    height={sample.height}
                    sizes="96px"
                    className="size-full object-cover"
                  />
                </button>
                {t('step2', { step: sample.step })}
              </li>
            ))}
          </ul>
        </figure>
      ))}
      {opened && (
        <Suspense>
          <LargeSample
            rows={rows.map(([, row]) => row)}
            id={opened}
            onView={setOpened}
            onClose={() => setOpened(null)}
          />
        </Suspense>
      )}
    </div>
  );
}
