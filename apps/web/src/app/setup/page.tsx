import { useTranslations } from 'next-intl';
import { SetUpForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';
import { titled } from '@/language/titled';

export const generateMetadata = titled('setUp');

export default function SetUpPage() {
  const t = useTranslations('entrance');
  return (
    <Entrance title={t('setUpPixgen')} lead={t('thisLinkMakesTheFirst')}>
      <SetUpForm />
    </Entrance>
  );
}
