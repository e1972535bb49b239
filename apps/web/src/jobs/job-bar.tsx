'use client';

import type { JobView } from '@pixgen/domain';
import { cn, Progress } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { useJobProgress } from './live';
import { Ago, useNow } from './time';
import { useOutlook } from './use-outlook';
import { formatSpan, jobNow } from './words';

/** A live job in one glance: what it does now, how far it is, when it was last heard. */
export function JobBar(props: {
  job: JobView;
  name: string;
  /** Off where the time left stands beside it in more words. */
  tellsTime?: boolean;
  className?: string;
}) {
  const { job, name, tellsTime = true, className } = props;
  const t = useTranslations('jobs');
  const now = jobNow(t, job, useJobProgress(job.id));
  // The server does not know how late it is in the browser.
  const clock = useNow(60_000);
  return (
    <div className={cn('grid gap-2', className)}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 text-sm">
        {/* Phases are announced; single steps would drown everything else. */}
        <p aria-live="polite" className="font-medium">
          {now.label}
        </p>
        <p className="text-ink-2 tabular-nums">
          {now.detail}
          {clock !== null && now.heardAt && (
            <span>
              {now.detail && ' · '}
              {t.rich('lastHeard', { ago: () => <Ago at={now.heardAt ?? ''} everyMs={1000} /> })}
            </span>
          )}
        </p>
      </div>
      {tellsTime && <Outlook job={job} />}
      <Progress label={name} value={now.value} text={[now.label, now.detail].filter(Boolean).join(', ')} />
    </div>
  );
}

/** The place in line while there is one, and how long it will still take, as far as anybody can tell. */
function Outlook({ job }: { job: JobView }) {
  const t = useTranslations('jobs');
  const outlook = useOutlook(job);
  const now = useNow(1_000);
  const left = outlook?.timeLeft;
  const since = outlook && now !== null ? Math.max(0, now - outlook.at) : 0;
  const words = [
    outlook?.queuePosition && t('placeInLine', { place: outlook.queuePosition }),
    left && now !== null && formatSpan(t, left.p50Ms - since, left.p90Ms - since),
  ].filter(Boolean);
  // The line keeps its height: what is known a moment later moves nothing.
  return <p className="min-h-5 text-ink-2 text-sm tabular-nums">{words.join(' · ')}</p>;
}
