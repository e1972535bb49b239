import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { SunPrint } from '@/landing/sun-print';
import { LanguageChoice } from '@/language/language-choice';
import { Logo } from '@/shell/logo';

/** The frame of sign-in, sign-up and set-up: the form beside a sun print. */
export function Entrance(props: { title: string; lead: ReactNode; children: ReactNode; below?: ReactNode }) {
  const t = useTranslations('entrance');
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1.05fr)]">
      <main id="main" tabIndex={-1} className="mx-auto flex w-full max-w-md flex-col px-6 py-8 outline-none sm:px-8">
        <Link href="/" aria-label={t('pixgenToTheFrontPage')} className="self-start rounded-control">
          <Logo />
        </Link>
        <div className="my-auto grid gap-7 py-12">
          <div className="grid gap-2">
            <h1 className="font-semibold text-3xl tracking-[-0.022em]">{props.title}</h1>
            <p className="text-ink-2">{props.lead}</p>
          </div>
          {props.children}
          {props.below && <p className="text-ink-2 text-sm">{props.below}</p>}
        </div>
        <LanguageChoice />
      </main>
      <div className="relative hidden overflow-hidden p-5 lg:block" aria-hidden="true">
        <SunPrint seed={7} kind="fern" className="h-full rounded-card" />
      </div>
    </div>
  );
}
