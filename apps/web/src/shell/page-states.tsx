'use client';

import { Button, EmptyState, LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { startTransition } from 'react';
import { PublicFrame } from './public-states';

const WORDS: Record<string, { title: string; text: string }> = {
  RATE_LIMITED: {
    title: 'Too many requests',
    text: 'You asked faster than this installation allows. Wait a minute, then try again.',
  },
  ACCOUNT_SUSPENDED: { title: 'This account is suspended', text: 'Ask the operator of this site.' },
  UNREACHABLE: {
    title: 'PixGen cannot be reached',
    text: 'The server behind this page does not answer. Running jobs go on; nothing is lost.',
  },
};
const UNKNOWN = {
  title: 'This page could not be loaded',
  text: 'Something went wrong on our side. Nothing was charged or lost.',
};

/** The error page of every segment. The server passes the public code as `digest`. */
export function SegmentError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const router = useRouter();
  const words = WORDS[error.digest === 'UNAVAILABLE' ? 'UNREACHABLE' : (error.digest ?? '')] ?? UNKNOWN;
  const again = () =>
    startTransition(() => {
      router.refresh();
      reset();
    });
  return (
    <div role="alert">
      <EmptyState
        heading="h1"
        title={words.title}
        action={
          <>
            <Button variant="primary" onClick={again}>
              Try again
            </Button>
            <LinkButton as={Link} href="/home" variant="ghost">
              Go home
            </LinkButton>
          </>
        }
      >
        {words.text}
        {error.digest && <span className="mt-2 block font-mono text-xs">{error.digest}</span>}
      </EmptyState>
    </div>
  );
}

/** The same outside the shell, where the page has no frame yet. */
export function PublicError(props: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <PublicFrame>
      <SegmentError {...props} />
    </PublicFrame>
  );
}
