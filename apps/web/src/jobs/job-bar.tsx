'use client';

import type { JobView } from '@pixgen/domain';
import { cn, Progress } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { useJobProgress } from './live';
import { Ago, useNow } from './time';
import { jobNow } from './words';

/** A live job in one glance: what it does now, how far it is, when it was last heard. */
export function JobBar({ job, name, className }: { job: JobView; name: string; className?: string }) {
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
      <Progress label={name} value={now.value} text={[now.label, now.detail].filter(Boolean).join(', ')} />
    </div>
  );
}
