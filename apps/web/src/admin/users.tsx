'use client';

import { type AdminUserView, ERASE_USER_PHRASE } from '@pixgen/domain';
import { Badge, Button, Confirm, Input, Menu, Notice, Section } from '@pixgen/ui';
import { Question } from '@pixgen/ui/question';
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronDown } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Ago, Moment } from '@/jobs/time';
import { formatMoney } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { fetchMore } from '@/trpc/fetch-more';

/** Everybody with an account, by name or address; roles and suspensions take effect with the person's next click. */
export function Users({ hasPasswords }: { hasPasswords: boolean }) {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const [search, setSearch] = useState('');
  const ownId = useQuery(trpc.account.me.queryOptions()).data?.id;
  const list = useInfiniteQuery({
    ...trpc.admin.users.list.infiniteQueryOptions(search.trim() ? { search: search.trim() } : {}, {
      getNextPageParam: (page) => page.nextCursor,
    }),
    placeholderData: keepPreviousData,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={t('people')}>
      <Input
        type="search"
        aria-label={t('searchPeople')}
        placeholder={t('nameOrAddress')}
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        className="max-w-sm"
      />
      {list.error && <Notice tone="danger">{failureOf(list.error).message}</Notice>}
      {items.length === 0 && !list.isPending && <p className="text-ink-2 text-sm">{t('nobodyMatches')}</p>}
      <ul
        aria-label={t('people')}
        className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface empty:hidden"
      >
        {items.map((user) => (
          <Person key={user.id} user={user} own={user.id === ownId} hasPasswords={hasPasswords} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button className="justify-self-center" busy={list.isFetchingNextPage} onClick={() => void fetchMore(list)}>
          {t('showMore')}
        </Button>
      )}
    </Section>
  );
}

/** The token stands behind `#`: in no log. */
function passwordLink(code: string): string {
  return new URL(`/set-password#token=${code}`, window.location.origin).href;
}

function Person({ user, own, hasPasswords }: { user: AdminUserView; own: boolean; hasPasswords: boolean }) {
  const jobWords = useTranslations('jobs');
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const update = useMutation(
    trpc.admin.users.update.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.admin.users.pathFilter()),
    }),
  );
  const [asking, setAsking] = useState<'role' | 'sessions' | null>(null);
  const signOut = useMutation(trpc.admin.users.endSessions.mutationOptions());
  const link = useMutation(trpc.admin.users.passwordLink.mutationOptions());
  const erase = useMutation(
    trpc.admin.users.erase.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.admin.users.pathFilter()),
    }),
  );
  const suspended = user.status === 'suspended';
  const isAdmin = user.role === 'admin';
  return (
    <li aria-label={user.displayName} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 text-sm">
      <span className="min-w-0 flex-1 basis-56">
        <span className="flex flex-wrap items-center gap-2 font-medium">
          {user.displayName || t('beingErased')}
          {isAdmin && <Badge tone="accent">{t('admin')}</Badge>}
          {suspended && <Badge tone="danger">{t('suspended')}</Badge>}
          {own && <Badge>{t('you')}</Badge>}
        </span>
        <span className="block truncate text-ink-2">{user.email ?? t('noAddress')}</span>
      </span>
      <span className="text-ink-2 tabular-nums">
        {t.rich('spentSince', {
          spent: formatMoney(jobWords, user.spentMicroUsd),
          ago: () => <Ago at={user.createdAt} />,
        })}
      </span>
      {!own && user.status !== 'erasing' && (
        <span className="flex gap-2">
          <Menu
            trigger={
              <Button size="sm">
                {isAdmin ? t('administrator') : t('member')} <ChevronDown aria-hidden="true" />
              </Button>
            }
            items={[
              {
                label: isAdmin ? t('makeAMember') : t('makeAnAdministrator'),
                onSelect: () => setAsking('role'),
              },
              ...(hasPasswords ? [{ label: t('signOutEverywhere'), onSelect: () => setAsking('sessions') }] : []),
              ...(hasPasswords && !isAdmin
                ? [{ label: t('makeAPasswordLink'), onSelect: () => link.mutate({ id: user.id }) }]
                : []),
            ]}
          />
          {asking === 'sessions' && (
            <Question
              title={t('signNamedOut', { displayName: user.displayName })}
              action={t('signOutEverywhere')}
              keep={t('keepTheirSessions')}
              onClose={() => setAsking(null)}
              onConfirm={() =>
                signOut.mutateAsync({ id: user.id }).then(
                  () => null,
                  (error) => failureOf(error).message,
                )
              }
            >
              {t('everyBrowserIsSignedOut')}
            </Question>
          )}
          {asking === 'role' && (
            <Question
              title={t(isAdmin ? 'makeNamedAMember' : 'makeNamedAnAdministrator', { displayName: user.displayName })}
              action={t(isAdmin ? 'makeAMember' : 'makeAnAdministrator')}
              keep={t('keepIt')}
              onClose={() => setAsking(null)}
              onConfirm={() =>
                update.mutateAsync({ id: user.id, role: isAdmin ? 'member' : 'admin' }).then(
                  () => null,
                  (error) => failureOf(error).message,
                )
              }
            >
              {t(isAdmin ? 'aMemberSeesNothingOfThis' : 'anAdministratorMayDoAllOfThis')}
            </Question>
          )}
          {suspended ? (
            <Button size="sm" busy={update.isPending} onClick={() => update.mutate({ id: user.id, status: 'active' })}>
              {t('letInAgain')}
            </Button>
          ) : (
            <Confirm
              danger
              trigger={
                <Button size="sm" variant="quietDanger">
                  {t('suspend')}
                </Button>
              }
              title={t('suspend2', { displayName: user.displayName })}
              action={t('suspend')}
              keep={t('keepIt')}
              onConfirm={() =>
                update.mutateAsync({ id: user.id, status: 'suspended' }).then(
                  () => null,
                  (error) => failureOf(error).message,
                )
              }
            >
              {t('theyCanDoNothingHere')}
            </Confirm>
          )}
          {!isAdmin && (
            <Confirm
              danger
              trigger={
                <Button size="sm" variant="quietDanger">
                  {t('eraseForGood')}
                </Button>
              }
              title={t('erasePersons', { displayName: user.displayName })}
              action={t('eraseForGood')}
              keep={t('keepTheAccount')}
              onConfirm={() =>
                erase.mutateAsync({ id: user.id, confirmation: ERASE_USER_PHRASE }).then(
                  () => null,
                  (error) => failureOf(error).message,
                )
              }
            >
              {t('everythingOfTheirsGoes')}
            </Confirm>
          )}
        </span>
      )}
      {link.data && (
        <Notice tone="good" title={t('passThisLinkOnIt', { displayName: user.displayName })} className="basis-full">
          <code className="break-all font-mono">{passwordLink(link.data.code)}</code>
          <p className="mt-1">{t.rich('itEndsAt', { at: () => <Moment at={link.data.expiresAt} /> })}</p>
        </Notice>
      )}
      {signOut.data && (
        <Notice tone="good" className="basis-full">
          {t('sessionsEnded', { displayName: user.displayName, count: signOut.data.ended })}
        </Notice>
      )}
      {erase.data && (
        <Notice tone="good" className="basis-full">
          {t('receiptFor')} <code className="break-all font-mono">{erase.data.code}</code>
        </Notice>
      )}
      {(update.error ?? link.error) && (
        <p role="alert" className="basis-full font-medium text-danger">
          {failureOf(update.error ?? link.error).message}
        </p>
      )}
    </li>
  );
}
