'use client';

import { Notice } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { STRIKE_WORDS } from './words';

/** The caller's own strikes, and what they mean. Nothing where there are none. */
export function OwnStrikes() {
  const trpc = useTRPC();
  const { data: standing } = useQuery(trpc.account.standing.queryOptions());
  if (!standing || standing.strikes.length === 0) return null;
  const { counted, limit, days, strikes } = standing;
  return (
    <Notice tone={counted > 0 ? 'warn' : 'info'} title={`Strikes: ${counted} in the last ${days} days`}>
      {limit > 0 && <p>With {limit} the account is suspended. Ask the operator if one of them is wrong.</p>}
      <ul aria-label="Strikes" className="mt-2 grid gap-1">
        {strikes.map(({ id, reason, at, liftedAt }) => (
          <li key={id}>
            <Moment at={at} />: {STRIKE_WORDS[reason]}
            {liftedAt && ' (lifted)'}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
