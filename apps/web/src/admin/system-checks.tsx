'use client';

import type { SystemChecks as Answer, SystemCheck } from '@pixgen/domain';
import { Button, Notice, Section, Skeleton } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useEffect } from 'react';
import { Ago } from '@/jobs/time';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { CheckRows } from './check-rows';

const UPLOAD_MS = 5_000;

/** What works and what does not, tried when the page opens, whenever somebody asks, and when Redis went or came back since. */
export function SystemChecks() {
  const t = useTranslations('checks');
  const trpc = useTRPC();
  const client = useTRPCClient();
  const query = useQuery({
    queryKey: [...trpc.admin.checks.queryKey(), 'with-upload'],
    queryFn: async ({ signal }) => {
      const answer = await client.admin.checks.query(undefined, { signal });
      const upload = await tryUpload(answer.upload);
      // Behind the store itself: uploads cannot work where it does not.
      return answer.checks.flatMap((check) => (check.name === 'storage' ? [check, upload] : [check]));
    },
    refetchOnWindowFocus: false,
  });
  const { data: checks, refetch } = query;
  // The queues beside this ask every few seconds: two parts of a page must not contradict each other for long.
  const redis = useQuery({ ...trpc.admin.queues.queryOptions(), select: (view) => view.redis }).data;
  const checkedRedis = checks?.find(({ name }) => name === 'redis')?.ok;
  const isOutdated = redis !== undefined && checkedRedis !== undefined && redis !== checkedRedis;
  useEffect(() => {
    if (isOutdated) void refetch();
  }, [isOutdated, refetch]);
  return (
    <Section
      title={t('title')}
      aside={
        <span className="flex flex-wrap items-center justify-end gap-x-4 gap-y-1">
          {checks && (
            <span>{t.rich('checked', { ago: () => <Ago at={new Date(query.dataUpdatedAt).toISOString()} /> })}</span>
          )}
          <Button size="sm" busy={query.isFetching} onClick={() => void refetch()}>
            {t('again')}
          </Button>
        </span>
      }
    >
      {query.error && <Notice tone="danger">{failureOf(query.error).message}</Notice>}
      {checks ? <CheckRows checks={checks} /> : query.isPending && <Skeleton className="h-96" />}
    </Section>
  );
}

async function tryUpload({ url, headers, body }: Answer['upload']): Promise<SystemCheck> {
  const place = new URL(url).origin;
  try {
    const answer = await fetch(url, { method: 'PUT', headers, body, signal: AbortSignal.timeout(UPLOAD_MS) });
    return { name: 'upload', ok: answer.ok, cause: answer.ok ? null : `PUT ${place}: ${answer.status}` };
  } catch (error) {
    // Browsers do not tell a refusal by CORS from an address where nobody listens.
    return {
      name: 'upload',
      ok: false,
      cause: `PUT ${place}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
