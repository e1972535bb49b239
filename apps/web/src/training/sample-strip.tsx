import type { SampleView } from '@pixgen/domain';
import { useTranslations } from 'next-intl';
import { Print } from '@/gallery/print';

/** What the model drew while it was trained: a row per prompt, a picture per step, always from the same seed. */
export function SampleStrip({ samples }: { samples: readonly SampleView[] }) {
  const t = useTranslations('training');
  const rows = [...Map.groupBy(samples, ({ prompt }) => prompt)];
  return (
    <div className="grid gap-4">
      {rows.map(([prompt, row]) => (
        <figure key={prompt} className="grid min-w-0 gap-2">
          <figcaption className="text-ink-2 text-sm">{prompt.replaceAll('{subject}', 'the subject')}</figcaption>
          <ul aria-label={t('samples', { prompt })} className="flex gap-2 overflow-x-auto">
            {row.map((sample) => (
              <li key={sample.id} className="grid shrink-0 gap-1 text-ink-2 text-xs tabular-nums">
                <span className="block size-24 overflow-hidden rounded-print">
                  <Print
                    src={`/s/${sample.id}`}
                    alt={t('afterSteps', { prompt, step: sample.step })}
                    width={sample.width}
                    height={sample.height}
                    sizes="96px"
                    className="size-full object-cover"
                  />
                </span>
                {t('step2', { step: sample.step })}
              </li>
            ))}
          </ul>
        </figure>
      ))}
    </div>
  );
}
