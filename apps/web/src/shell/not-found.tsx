import { EmptyState, LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';

/** The not-found page of every segment: absent and foreign things look alike. */
export function SegmentNotFound() {
  const t = useTranslations('states');
  return (
    <EmptyState
      heading="h1"
      title={t('thereIsNothingHere')}
      action={
        <LinkButton as={Link} href="/home" variant="primary">
          {t('goHome')}
        </LinkButton>
      }
    >
      {t('theAddressMayBeMistyped')}
    </EmptyState>
  );
}
