import type { JobView } from '@pixgen/domain';
import { Notice } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { failureWords, formatCost } from './words';

/** Why a job ended badly: the cause, what it cost, the next step. */
export function FailureNotice({ job, action }: { job: JobView; action?: ReactNode }) {
  const t = useTranslations('jobs');
  if (!job.failure) return null;
  const { message, nextStep } = failureWords(t, job.failure);
  const cost = job.costMicroUsd === 0 ? t('itCostNothing') : t('itCost', { cost: formatCost(t, job.costMicroUsd) });
  return (
    <Notice tone={job.state === 'cancelled' ? 'warn' : 'danger'} title={message} action={action}>
      <p>
        {cost} {nextStep} <span className="font-mono text-ink-2 text-xs">{job.failure.code}</span>
      </p>
    </Notice>
  );
}
