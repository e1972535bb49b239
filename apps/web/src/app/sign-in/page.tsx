import Link from 'next/link';
import { redirect } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { ClerkSignIn } from '@/account/clerk';
import { SignInForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';
import { findInstallation, isSignedIn } from '@/account/installation';
import { env } from '@/env';
import { safeNextPath } from '@/http/next-path';
import { titled } from '@/language/titled';

export const generateMetadata = titled('signIn');

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const t = await getTranslations('entrance');
  const next = safeNextPath((await searchParams).next);
  if (await isSignedIn()) redirect(next);
  if (env().AUTH_MODE === 'clerk') {
    return (
      <Entrance title={t('signIn')} lead={t('welcomeBack')}>
        <ClerkSignIn next={next} />
      </Entrance>
    );
  }
  const installation = await findInstallation();
  const query = next === '/home' ? '' : `?next=${encodeURIComponent(next)}`;
  return (
    <Entrance
      title={t('signIn')}
      lead={next === '/home' ? t('welcomeBackToYourStudio') : t('signInToGoOn')}
      below={
        installation?.registration !== 'closed' && (
          <>
            {t('newHere')}{' '}
            <Link href={`/sign-up${query}`} className="font-medium text-accent underline-offset-4 hover:underline">
              {t('createAnAccount')}
            </Link>
          </>
        )
      }
    >
      <SignInForm next={next} />
    </Entrance>
  );
}
