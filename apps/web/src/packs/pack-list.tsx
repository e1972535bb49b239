'use client';

import type { PackView } from '@pixgen/domain';
import { EmptyState, Input } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { useQueryState } from 'nuqs';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { PackCard } from './pack-card';

type Props = { packs: readonly PackView[]; query: string };

/** Every pack, by words of its name, description or prompts; the search stands in the address. */
export function PackList(props: Props) {
  return (
    <NuqsAdapter>
      <Packs {...props} />
    </NuqsAdapter>
  );
}

function Packs({ packs, query }: Props) {
  const t = useTranslations('packs');
  const [search, setSearch] = useQueryState('q', { defaultValue: '', shallow: true, history: 'replace' });
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = packs.filter((pack) => {
    const text = [pack.name, pack.description, ...pack.prompts].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <div className="grid gap-6">
      <Input
        type="search"
        aria-label={t('searchPacks')}
        placeholder={t('searchPacksAndTheirPrompts')}
        value={search}
        onChange={(event) => void setSearch(event.target.value || null)}
        className="max-w-sm"
      />
      <p role="status" className="sr-only">
        {t('found', { count: found.length })}
      </p>
      {found.length === 0 ? (
        <EmptyState title={t('noPackMatches')}>{t('tryAnotherWordOrClear')}</EmptyState>
      ) : (
        <ul aria-label={t('packs')} className="grid gap-5 sm:grid-cols-2 lg:grid-cols-3">
          {found.map((pack) => (
            <PackCard key={pack.slug} pack={pack} index={packs.indexOf(pack)} query={query} />
          ))}
        </ul>
      )}
    </div>
  );
}
