import { useTranslations } from 'next-intl';
import { SetPasswordForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';
import { titled } from '@/language/titled';

export const generateMetadata = titled('setPassword');

export default function SetPasswordPage() {
  const t = useTranslations('entrance');
  return (
    <Entrance title={t('setANewPassword')} lead={t('itEndsEverySessionOf')}>
      <SetPasswordForm />
    </Entrance>
  );
}
