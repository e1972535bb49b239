import { useTranslations } from 'next-intl';
import { Entrance } from '@/account/entrance';
import { ErasureProgress } from '@/erasure/erasure-progress';
import { titled } from '@/language/titled';
import { ApiProvider } from '@/trpc/client';

export const generateMetadata = titled('erasure');

export default function ErasurePage() {
  const t = useTranslations('erasure');
  return (
    <Entrance title={t('yourData')} lead={t('whatWasErasedWithA')}>
      <ApiProvider>
        <ErasureProgress />
      </ApiProvider>
    </Entrance>
  );
}
