'use client';

import { Notice, Section } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

const EVERY_MS = 3_000;

/** How much waits where, as it is now. */
export function Queues() {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const query = useQuery({ ...trpc.admin.queues.queryOptions(), refetchInterval: EVERY_MS });
  const view = query.data;
  return (
    <Section title={t('queues')} aside={t('everySeconds')}>
      {query.error && <Notice tone="danger">{failureOf(query.error).message}</Notice>}
      {view && !view.redis && (
        <Notice tone="danger" title={t('redisDoesNotAnswer')}>
          {t('ordersAreAcceptedAndWait')}
        </Notice>
      )}
      {view && (
        <>
          <dl className="grid grid-cols-3 gap-px overflow-hidden rounded-card border border-line bg-line">
            {(
              [
                [t('jobsAtWork'), view.liveJobs],
                [t('waitingInPostgres'), view.outbox],
                [t('endedBadly'), view.deadLetters],
              ] as const
            ).map(([label, value]) => (
              <div key={label} className="grid gap-1 bg-surface px-4 py-3">
                <dt className="text-ink-2 text-xs sm:text-sm">{label}</dt>
                <dd className="font-semibold text-xl tabular-nums">{value}</dd>
              </div>
            ))}
          </dl>
          {view.redis && (
            <div className="overflow-hidden rounded-card border border-line bg-surface">
              <table className="w-full text-sm tabular-nums">
                <thead className="text-left text-ink-2">
                  <tr className="border-line border-b [&>th]:px-4 [&>th]:py-2 [&>th]:font-medium">
                    <th scope="col">{t('queue')}</th>
                    <th scope="col">{t('waiting')}</th>
                    <th scope="col">{t('inHand')}</th>
                    <th scope="col">{t('failed')}</th>
                  </tr>
                </thead>
                <tbody className="divide-y divide-line">
                  {view.queues.map((queue) => (
                    <tr key={queue.task} className="[&>*]:px-4 [&>*]:py-2">
                      <th scope="row" className="text-left font-mono font-normal">
                        {queue.task}
                      </th>
                      <td>{queue.waiting}</td>
                      <td>{queue.active}</td>
                      <td className={queue.failed > 0 ? 'text-danger' : ''}>{queue.failed}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </Section>
  );
}
