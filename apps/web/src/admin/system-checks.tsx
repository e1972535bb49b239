'use client';

import type { SystemChecks as Answer, SystemCheck } from '@pixgen/domain';
import { Button, Notice, Section, Skeleton } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { CheckRows } from './check-rows';

const UPLOAD_MS = 5_000;

/** What works and what does not, tried when the page opens and whenever somebody asks. */
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
  return (
    <Section
      title={t('title')}
      aside={
        <Button size="sm" busy={query.isFetching} onClick={() => void query.refetch()}>
          {t('again')}
        </Button>
      }
    >
      {query.error && <Notice tone="danger">{failureOf(query.error).message}</Notice>}
      {query.data ? <CheckRows checks={query.data} /> : query.isPending && <Skeleton className="h-96" />}
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
