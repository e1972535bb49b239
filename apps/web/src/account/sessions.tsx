'use client';

import type { SessionView } from '@pixgen/domain';
import { Badge, Button, Notice } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Ago } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** Where one is signed in, and the end of it elsewhere. */
export function Sessions() {
  const t = useTranslations('settings');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sessions = useQuery(trpc.account.sessions.queryOptions());
  const refresh = () => queryClient.invalidateQueries(trpc.account.sessions.queryFilter());
  const end = useMutation(trpc.account.endSession.mutationOptions({ onSettled: refresh }));
  const endOthers = useMutation(trpc.account.endOtherSessions.mutationOptions({ onSettled: refresh }));
  const items = sessions.data?.items ?? [];
  const failure = end.error ?? endOthers.error ?? sessions.error;
  return (
    <div className="grid justify-items-start gap-3">
      <h3 className="font-medium">{t('whereYouAreSignedIn')}</h3>
      {failure && <Notice tone="danger">{failureOf(failure).message}</Notice>}
      <ul aria-label={t('whereYouAreSignedIn')} className="grid w-full divide-y divide-line">
        {items.map((session) => (
          <Session
            key={session.id}
            session={session}
            busy={end.isPending && end.variables.id === session.id}
            onEnd={() => end.mutate({ id: session.id })}
          />
        ))}
      </ul>
      {items.length > 1 && (
        <Button busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {t('signOutEverywhereElse')}
        </Button>
      )}
    </div>
  );
}

function Session({ session, busy, onEnd }: { session: SessionView; busy: boolean; onEnd: () => void }) {
  const t = useTranslations('settings');
  const device = session.device ?? t('unknownDevice');
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-3 text-sm">
      <span className="font-medium">{device}</span>
      {session.isCurrent && <Badge tone="accent">{t('thisBrowser')}</Badge>}
      <span className="text-ink-2">
        {t.rich('signedInAndLastUsed', {
          signedIn: () => <Ago at={session.createdAt} />,
          used: () => <Ago at={session.lastSeenAt} />,
        })}
      </span>
      {!session.isCurrent && (
        <Button
          size="sm"
          variant="quietDanger"
          className="ml-auto"
          busy={busy}
          aria-label={t('signOutOf', { device })}
          onClick={onEnd}
        >
          {t('signOut')}
        </Button>
      )}
    </li>
  );
}
