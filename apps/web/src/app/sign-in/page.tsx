import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { ClerkSignIn } from '@/account/clerk';
import { SignInForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';
import { findInstallation, isSignedIn } from '@/account/installation';
import { env } from '@/env';
import { safeNextPath } from '@/http/next-path';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const next = safeNextPath((await searchParams).next);
  if (await isSignedIn()) redirect(next);
  if (env().AUTH_MODE === 'clerk') {
    return (
      <Entrance title="Sign in" lead="Welcome back.">
        <ClerkSignIn next={next} />
      </Entrance>
    );
  }
  const installation = await findInstallation();
  const query = next === '/home' ? '' : `?next=${encodeURIComponent(next)}`;
  return (
    <Entrance
      title="Sign in"
      lead={next === '/home' ? 'Welcome back to your studio.' : 'Sign in to go on where you were.'}
      below={
        installation?.registration !== 'closed' && (
          <>
            New here?{' '}
            <Link href={`/sign-up${query}`} className="font-medium text-accent underline-offset-4 hover:underline">
              Create an account
            </Link>
          </>
        )
      }
    >
      <SignInForm next={next} />
    </Entrance>
  );
}
