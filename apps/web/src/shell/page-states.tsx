'use client';

import { Button, EmptyState, LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { startTransition } from 'react';
import type { ErrorViewProps } from './error-views';
import { PublicFrame } from './public-states';

/** Codes with words of their own. */
const KNOWN = ['RATE_LIMITED', 'ACCOUNT_SUSPENDED', 'UNREACHABLE'] as const;

/** The error page of every segment. */
export function SegmentError({ error, reset }: ErrorViewProps) {
  const t = useTranslations('states');
  const router = useRouter();
  const code = error.digest === 'UNAVAILABLE' ? 'UNREACHABLE' : error.digest;
  const words = KNOWN.find((one) => one === code) ?? 'unknown';
  const again = () =>
    startTransition(() => {
      router.refresh();
      reset();
    });
  return (
    <div role="alert">
      <EmptyState
        heading="h1"
        title={t(`${words}.title`)}
        action={
          <>
            <Button variant="primary" onClick={again}>
              {t('tryAgain')}
            </Button>
            <LinkButton as={Link} href="/home" variant="ghost">
              {t('goHome')}
            </LinkButton>
          </>
        }
      >
        {t(`${words}.text`)}
        {error.digest && <span className="mt-2 block font-mono text-xs">{error.digest}</span>}
      </EmptyState>
    </div>
  );
}

/** The same outside the shell, where the page has no frame yet. */
export function PublicError(props: ErrorViewProps) {
  return (
    <PublicFrame>
      <SegmentError {...props} />
    </PublicFrame>
  );
}
