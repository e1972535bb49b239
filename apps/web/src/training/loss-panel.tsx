'use client';

import type { TrainingView } from '@pixgen/domain';
import { Segmented, Table } from '@pixgen/ui';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { useMemo, useState } from 'react';
import { useLossPoints } from '@/jobs/live';
import { mergeLoss, smooth } from '@/jobs/live-store';

// 20 kB of plot that only this panel needs.
const LossPlot = dynamic(() => import('./loss-plot'), { ssr: false, loading: () => <div className="h-64" /> });

/** The loss over the steps: raw and smoothed, live, with a table for those who do not see the curve. */
export function LossPanel({ training }: { training: TrainingView }) {
  const t = useTranslations('training');
  const live = useLossPoints(training.job.id);
  const [scale, setScale] = useState<'linear' | 'log'>('linear');
  const points = useMemo(() => mergeLoss(training.lossHistory, live), [training.lossHistory, live]);
  const smoothed = useMemo(() => smooth(points), [points]);
  if (points.length < 2) {
    return <p className="py-10 text-center text-ink-2 text-sm">{t('theCurveStartsWithThe')}</p>;
  }
  const every = Math.max(1, Math.ceil(points.length / 12));
  return (
    <figure className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <figcaption className="text-ink-2 text-sm">
          {t('lossPerStep')} <span className="text-ink-2">{t('thinAsMeasured')}</span>,{' '}
          <span className="text-accent">{t('thickSmoothed')}</span>
        </figcaption>
        <Segmented
          label={t('scaleOfTheLoss')}
          value={scale}
          onValue={setScale}
          options={[
            { value: 'linear', label: t('linear') },
            { value: 'log', label: t('log') },
          ]}
        />
      </div>
      <div aria-hidden="true">
        <LossPlot points={points} smoothed={smoothed} scale={scale} />
      </div>
      <details className="text-sm">
        <summary className="text-ink-2">{t('asATable')}</summary>
        <Table
          caption={t('lossByStep')}
          className="mt-3 max-w-md"
          columns={[{ label: t('step') }, { label: t('loss') }, { label: t('smoothed') }]}
          rows={points.flatMap(([step, loss], index) =>
            index % every === 0 || index === points.length - 1
              ? [{ key: step, cells: [step, loss.toFixed(4), smoothed[index]?.[1].toFixed(4)] }]
              : [],
          )}
        />
      </details>
    </figure>
  );
}
