import { LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { type GalleryFilters, writePage } from './filters';
import { FIRST } from './shelf-query';

/** From page to page; without scripts also the way on from the endless list. */
export function Pager({ filters, page, total }: { filters: GalleryFilters; page: number | null; total: number }) {
  const t = useTranslations('gallery');
  const last = Math.max(1, Math.ceil(total / FIRST));
  const to = (number: number) => writePage('/gallery', { ...filters, page: number });
  if (page === null) {
    if (last === 1) return null;
    return (
      <noscript>
        <a href={to(2)}>{t('page2Of', { last })}</a>
      </noscript>
    );
  }
  return (
    <nav aria-label={t('pages')} className="flex flex-wrap items-center justify-center gap-3 text-sm">
      {page > 1 && (
        <LinkButton as={Link} size="sm" href={to(page - 1)} rel="prev">
          {t('previous')}
        </LinkButton>
      )}
      <form action="/gallery" className="flex items-center gap-2">
        {Object.entries(Object.fromEntries(new URLSearchParams(writePage('', { ...filters, page: null })))).map(
          ([name, value]) => (
            <input key={name} type="hidden" name={name} value={value} />
          ),
        )}
        <label className="flex items-center gap-2">
          {t('page')}
          <input
            key={page}
            name="page"
            type="number"
            min={1}
            max={last}
            defaultValue={page}
            className="h-8 w-20 rounded-control border border-edge bg-surface px-2 tabular-nums"
          />
        </label>
        <span className="text-ink-2 tabular-nums">{t('of', { last })}</span>
      </form>
      {page < last && (
        <LinkButton as={Link} size="sm" href={to(page + 1)} rel="next">
          {t('next')}
        </LinkButton>
      )}
    </nav>
  );
}
