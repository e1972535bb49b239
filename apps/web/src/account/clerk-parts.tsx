'use client';

/** Everything of Clerk that pages show. Reached through `clerk.tsx` only. */
import { ClerkProvider, SignIn, SignUp } from '@clerk/nextjs';
import type { ReactNode } from 'react';

export function ClerkShell(props: { publishableKey: string; nonce: string | undefined; children: ReactNode }) {
  return (
    <ClerkProvider
      publishableKey={props.publishableKey}
      {...(props.nonce && { nonce: props.nonce })}
      telemetry={false}
      signInUrl="/sign-in"
      signUpUrl="/sign-up"
      signInFallbackRedirectUrl="/home"
      signUpFallbackRedirectUrl="/home"
    >
      {props.children}
    </ClerkProvider>
  );
}

export function ClerkSignIn({ next }: { next: string }) {
  return <SignIn routing="hash" signUpUrl="/sign-up" forceRedirectUrl={next} />;
}

export function ClerkSignUp({ next }: { next: string }) {
  return <SignUp routing="hash" signInUrl="/sign-in" forceRedirectUrl={next} />;
}
