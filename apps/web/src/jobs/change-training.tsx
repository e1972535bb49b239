import { LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';

/** The way back to what a training was made of, for whoever wants more than the same once more. */
export function ChangeTraining({ modelId }: { modelId: string }) {
  const t = useTranslations('jobs');
  return (
    <>
      <LinkButton as={Link} size="sm" href={`/train/${modelId}/photos`}>
        {t('changePhotos')}
      </LinkButton>
      <LinkButton as={Link} size="sm" href={`/train/${modelId}/settings`}>
        {t('changeSettings')}
      </LinkButton>
    </>
  );
}
