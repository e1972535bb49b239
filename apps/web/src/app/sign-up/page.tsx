import { Notice } from '@pixgen/ui';
import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { ClerkSignUp } from '@/account/clerk';
import { SignUpForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';
import { findInstallation, isSignedIn } from '@/account/installation';
import { env } from '@/env';
import { safeNextPath } from '@/http/next-path';

export const metadata: Metadata = { title: 'Create an account' };

export default async function SignUpPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const next = safeNextPath((await searchParams).next);
  if (await isSignedIn()) redirect(next);
  if (env().AUTH_MODE === 'clerk') {
    return (
      <Entrance title="Create an account" lead="It takes a minute.">
        <ClerkSignUp next={next} />
      </Entrance>
    );
  }
  const installation = await findInstallation();
  const registration = installation?.registration ?? 'open';
  const query = next === '/home' ? '' : `?next=${encodeURIComponent(next)}`;
  return (
    <Entrance
      title="Create an account"
      lead="Your photos and the models made from them stay with you on this installation."
      below={
        <>
          Have an account?{' '}
          <Link href={`/sign-in${query}`} className="font-medium text-accent underline-offset-4 hover:underline">
            Sign in
          </Link>
        </>
      }
    >
      {registration === 'closed' ? (
        <Notice tone="warn" title="Registration is closed">
          Ask the operator of this site for an account.
        </Notice>
      ) : (
        <SignUpForm next={next} invite={registration === 'invite'} />
      )}
    </Entrance>
  );
}
