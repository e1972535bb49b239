'use client';

import { Button, EmptyState, Input, Notice, Spinner } from '@pixgen/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Ago } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { useReadable } from './readable-prompt';

type Picked = { prompt: string; negativePrompt: string };

/** What the person wrote before, from their own orders; one press brings it back. */
export function PromptHistory(props: { onPick: (picked: Picked) => void; onClose: () => void }) {
  const t = useTranslations('studio');
  const readable = useReadable();
  const trpc = useTRPC();
  const [search, setSearch] = useState('');
  const prompts = useQuery({
    ...trpc.generation.prompts.queryOptions(search.trim() ? { search: search.trim() } : {}),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  const items = prompts.data?.items ?? [];
  return (
    <section
      aria-label={t('promptHistory')}
      onKeyDown={(event) => event.key === 'Escape' && props.onClose()}
      className="grid gap-3 rounded-card border border-line bg-surface p-4"
    >
      <div className="flex items-center gap-2">
        <Input
          type="search"
          aria-label={t('searchYourPrompts')}
          placeholder={t('searchYourPrompts')}
          autoFocus
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <Button variant="ghost" onClick={props.onClose}>
          {t('close')}
        </Button>
      </div>
      {prompts.error && <Notice tone="danger">{failureOf(prompts.error).message}</Notice>}
      {prompts.isPending && <Spinner />}
      {prompts.data && items.length === 0 && (
        <EmptyState title={search.trim() ? t('noPromptMatches') : t('nothingYet')} className="py-6">
          {search.trim() ? t('tryAnotherWord') : t('whatYouOrderStandsHere')}
        </EmptyState>
      )}
      <ul aria-label={t('yourPrompts')} className="grid max-h-72 gap-0.5 overflow-y-auto">
        {items.map((item) => (
          <li key={item.prompt}>
            <button
              type="button"
              onClick={() => props.onPick(item)}
              className="grid w-full gap-0.5 rounded-control px-3 py-2 text-left text-sm hover:bg-sunken dark:hover:bg-line"
            >
              <span className="line-clamp-2">{readable(item.prompt)}</span>
              <span className="text-ink-2 text-xs">
                {t.rich('timesLast', { times: item.times, ago: () => <Ago at={item.lastAt} /> })}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
