import { Notice } from '@pixgen/ui';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { ClerkSignUp } from '@/account/clerk';
import { SignUpForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';
import { findInstallation, isSignedIn } from '@/account/installation';
import { env } from '@/env';
import { safeNextPath } from '@/http/next-path';
import { titled } from '@/language/titled';

export const generateMetadata = titled('createAnAccount');

export default async function SignUpPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const t = await getTranslations('entrance');
  const next = safeNextPath((await searchParams).next);
  if (await isSignedIn()) redirect(next);
  if (env().AUTH_MODE === 'clerk') {
    return (
      <Entrance title={t('createAnAccount')} lead={t('itTakesAMinute')}>
        <ClerkSignUp next={next} />
      </Entrance>
    );
  }
  const installation = await findInstallation();
  const registration = installation?.registration ?? 'open';
  const query = next === '/home' ? '' : `?next=${encodeURIComponent(next)}`;
  return (
    <Entrance
      title={t('createAnAccount')}
      lead={t('yourPhotosAndTheModels')}
      below={
        <>
          {t('haveAnAccount')}{' '}
          <Link href={`/sign-in${query}`} className="font-medium text-accent underline-offset-4 hover:underline">
            {t('signIn')}
          </Link>
        </>
      }
    >
      {registration === 'closed' ? (
        <Notice tone="warn" title={t('registrationIsClosed')}>
          {t('askTheOperatorOfThis')}
        </Notice>
      ) : (
        <SignUpForm next={next} invite={registration === 'invite'} />
      )}
    </Entrance>
  );
}
