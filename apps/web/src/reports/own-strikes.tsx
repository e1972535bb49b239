'use client';

import { Notice } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';

/** The caller's own strikes, and what they mean. Nothing where there are none. */
export function OwnStrikes() {
  const t = useTranslations('reports');
  const trpc = useTRPC();
  const { data: standing } = useQuery(trpc.account.standing.queryOptions());
  if (!standing || standing.strikes.length === 0) return null;
  const { counted, limit, days, strikes } = standing;
  return (
    <Notice tone={counted > 0 ? 'warn' : 'info'} title={t('strikesInTheLastDays', { counted, days })}>
      {limit > 0 && <p>{t('withTheAccountIsSuspended', { limit })}</p>}
      <ul aria-label={t('strikes')} className="mt-2 grid gap-1">
        {strikes.map(({ id, reason, at, liftedAt }) => (
          <li key={id}>
            {t.rich(liftedAt ? 'strikeWasLifted' : 'strikeWas', {
              at: () => <Moment at={at} />,
              reason: t(`strike.${reason}`),
            })}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
