import { Button, EmptyState, LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { countFilters, type GalleryFilters, writePage } from './filters';

/** Why the gallery shows nothing, and what to do about it. */
export function NoPictures({
  filters,
  page,
  onClear,
}: {
  filters: GalleryFilters;
  page: number | null;
  onClear: () => void;
}) {
  const t = useTranslations('gallery');
  if (page !== null && page > 1) {
    return (
      <EmptyState
        title={t('thereIsNoSuchPage')}
        action={
          <LinkButton as={Link} href={writePage('/gallery', { ...filters, page: 1 })}>
            {t('toTheFirstPage')}
          </LinkButton>
        }
      >
        {t('theListIsShorterThan')}
      </EmptyState>
    );
  }
  if (countFilters(filters) > 0) {
    return (
      <EmptyState title={t('nothingMatches')} action={<Button onClick={onClear}>{t('showAllPictures')}</Button>}>
        {t('noPictureFitsTheseFilters')}
      </EmptyState>
    );
  }
  if (filters.show === 'trash') {
    return <EmptyState title={t('theTrashIsEmpty')}>{t('deletedPicturesStayHereFor')}</EmptyState>;
  }
  return (
    <EmptyState
      title={t('noPicturesYet')}
      action={
        <LinkButton as={Link} href="/studio" variant="primary">
          {t('openTheStudio')}
        </LinkButton>
      }
    >
      {t('everythingYouMakeComesTogether')}
    </EmptyState>
  );
}
