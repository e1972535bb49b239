'use client';

import type { JobView } from '@pixgen/domain';
import { cn, Spinner } from '@pixgen/ui';
import { Check, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useJobProgress } from '@/jobs/live';
import { isOver } from '@/jobs/rules';

const PHASES = ['queued', 'cold', 'preparing', 'training', 'saving'] as const;

function phaseIndex(job: JobView, phase: JobView['phase']): number {
  if (job.state === 'succeeded') return PHASES.length;
  if (job.state === 'queued') return 0;
  if (job.state === 'dispatching') return 1;
  if (phase === 'training' || phase === 'sampling') return 3;
  if (phase === 'saving') return 4;
  return job.startedAt ? 2 : 0;
}

/** Where a training is on its way, and where it stopped. */
export function PhaseTimeline({ job, queuePosition }: { job: JobView; queuePosition: number | null }) {
  const t = useTranslations('training');
  const live = useJobProgress(job.id);
  const over = isOver(job);
  const at = phaseIndex(job, (!over && live?.phase) || job.phase);
  const stopped = over && job.state !== 'succeeded';
  return (
    <ol aria-label={t('phases')} className="grid grid-cols-5 gap-1.5">
      {PHASES.map((phase, index) => {
        const state = index < at ? 'done' : index > at ? 'open' : stopped ? 'stopped' : 'current';
        return (
          <li key={phase} aria-current={state === 'current' ? 'step' : undefined} className="grid min-w-0 gap-2">
            <span
              className={cn(
                'h-1.5 rounded-full transition-colors',
                state === 'done' && 'bg-accent',
                state === 'current' && 'animate-breathe bg-accent',
                state === 'stopped' && 'bg-danger',
                state === 'open' && 'bg-line',
              )}
            />
            <span
              className={cn(
                'flex min-w-0 items-center gap-1.5 text-xs sm:text-sm',
                state === 'open' ? 'text-ink-2' : 'text-ink',
                state === 'current' && 'font-medium',
              )}
            >
              {state === 'done' && <Check aria-hidden="true" className="size-3.5 text-accent max-sm:hidden" />}
              {state === 'current' && <Spinner className="size-3.5 text-accent max-sm:hidden" />}
              {state === 'stopped' && <X aria-hidden="true" className="size-3.5 text-danger max-sm:hidden" />}
              <span className="truncate">
                {phase === 'queued' && state === 'current' && queuePosition !== null
                  ? t('queuedAt', { position: queuePosition })
                  : t(`phaseNames.${phase}`)}
              </span>
              <span className="sr-only">
                {state === 'done' ? t('done') : state === 'stopped' ? t('stoppedHere') : ''}
              </span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
