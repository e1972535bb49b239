import { Spinner } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Logo } from './logo';
import { SegmentNotFound } from './not-found';

/** The plain frame of pages outside the shell. */
export function PublicFrame({ children }: { children: ReactNode }) {
  const t = useTranslations('states');
  return (
    <main
      id="main"
      tabIndex={-1}
      className="mx-auto grid min-h-dvh max-w-2xl content-center gap-8 px-6 py-12 outline-none"
    >
      <Link href="/" aria-label={t('pixgenToTheFrontPage')} className="justify-self-start rounded-control">
        <Logo />
      </Link>
      {children}
    </main>
  );
}

export function PublicLoading() {
  const t = useTranslations('states');
  return (
    <div data-waiting className="grid min-h-dvh place-items-center text-accent">
      <Spinner className="size-6" />
      <p role="status" className="sr-only">
        {t('loading')}
      </p>
    </div>
  );
}

export function PublicNotFound() {
  return (
    <PublicFrame>
      <SegmentNotFound />
    </PublicFrame>
  );
}
