'use client';

import { AUDIT_ACTIONS, type AuditAction, type AuditEntryView } from '@pixgen/domain';
import { Button, Field, Notice, Select } from '@pixgen/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { fetchMore } from '@/trpc/fetch-more';

type Filter = { action?: AuditAction; person?: string };

/** Every entry, newest first, by kind and by person. */
export function AuditLog() {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const [filter, setFilter] = useState<Filter>({});
  const log = useInfiniteQuery(
    trpc.admin.auditLog.infiniteQueryOptions(filter, { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = log.data?.pages.flatMap((page) => page.items) ?? [];
  const onPerson = (person: string) => setFilter({ ...filter, person });
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t('what')} className="basis-56">
          <Select
            value={filter.action ?? ''}
            onChange={({ target }) => {
              const action = AUDIT_ACTIONS.find((one) => one === target.value);
              const { action: _, ...rest } = filter;
              setFilter(action ? { ...rest, action } : rest);
            }}
          >
            <option value="">{t('everything')}</option>
            {AUDIT_ACTIONS.map((action) => (
              <option key={action}>{action}</option>
            ))}
          </Select>
        </Field>
        {filter.person && (
          <Button
            onClick={() => {
              const { person: _, ...rest } = filter;
              setFilter(rest);
            }}
          >
            {t('showEverybody')}
          </Button>
        )}
      </div>
      {log.error && <Notice tone="danger">{failureOf(log.error).message}</Notice>}
      <ul
        aria-label={t('entries')}
        className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
      >
        {items.map((entry) => (
          <Entry key={entry.id} entry={entry} onPerson={onPerson} />
        ))}
      </ul>
      {items.length === 0 && !log.isPending && <p className="text-ink-2 text-sm">{t('noEntries')}</p>}
      {log.hasNextPage && (
        <Button className="justify-self-center" busy={log.isFetchingNextPage} onClick={() => void fetchMore(log)}>
          {t('showOlder')}
        </Button>
      )}
    </div>
  );
}

function Entry({ entry, onPerson }: { entry: AuditEntryView; onPerson: (pseudonym: string) => void }) {
  const t = useTranslations('admin');
  const { actor, subject, detail, link } = entry;
  const facts = Object.entries(detail).map(([name, value]) => `${name}: ${value}`);
  return (
    <li className="grid gap-1 px-4 py-3 text-sm sm:px-5">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <span className="font-medium">{entry.action}</span>
        <Person person={actor} onPerson={onPerson} />
        {subject.pseudonym !== actor.pseudonym && (
          <span>{t.rich('aboutPerson', { person: () => <Person person={subject} onPerson={onPerson} /> })}</span>
        )}
        <span className="ml-auto text-ink-2 tabular-nums">
          <Moment at={entry.at} />
        </span>
      </div>
      <p className="break-all text-ink-2">
        {[...facts, link ? t('link', { number: link.number, hash: link.hash.slice(0, 12) }) : t('notLinkedYet')].join(
          ' · ',
        )}
      </p>
    </li>
  );
}

function Person(props: { person: AuditEntryView['actor']; onPerson: (pseudonym: string) => void }) {
  const t = useTranslations('admin');
  const { pseudonym, name } = props.person;
  if (pseudonym === null) return <span className="text-ink-2">{t('nobodyKnown')}</span>;
  return (
    <button
      type="button"
      onClick={() => props.onPerson(pseudonym)}
      className="underline-offset-4 hover:text-accent hover:underline"
    >
      {name ?? <span className="font-mono">{pseudonym.slice(0, 8)}…</span>}
    </button>
  );
}
