import type { JobView } from '@pixgen/domain';
import { Notice } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { formatCost } from './words';

/** Why a job ended badly: the cause, what it cost, the next step. */
export function FailureNotice({ job, action }: { job: JobView; action?: ReactNode }) {
  const t = useTranslations('jobs');
  if (!job.failure) return null;
  const { code, message, nextStep } = job.failure;
  const cost = job.costMicroUsd === 0 ? t('itCostNothing') : t('itCost', { cost: formatCost(t, job.costMicroUsd) });
  return (
    <Notice tone={job.state === 'cancelled' ? 'warn' : 'danger'} title={message} action={action}>
      <p>
        {nextStep.includes('nothing was charged') ? nextStep : `${cost} ${nextStep}`}{' '}
        <span className="font-mono text-ink-2 text-xs">{code}</span>
      </p>
    </Notice>
  );
}
