import { LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { LanguageChoice } from '@/language/language-choice';
import { Logo } from '@/shell/logo';

/** The page around the reference, with the way to the studio. */
export function ReferenceFrame({ signedIn, children }: { signedIn: boolean; children: ReactNode }) {
  const t = useTranslations('apiReference');
  return (
    <div className="mx-auto max-w-6xl px-5 sm:px-8">
      <header className="flex items-center justify-between gap-4 py-5">
        <Link href="/" aria-label={t('pixgenToTheFrontPage')} className="rounded-control">
          <Logo />
        </Link>
        <nav aria-label={t('account')}>
          <LinkButton as={Link} href={signedIn ? '/home' : '/sign-in'}>
            {signedIn ? t('openTheStudio') : t('signIn')}
          </LinkButton>
        </nav>
      </header>
      <main id="main" tabIndex={-1} className="pt-6 pb-20 outline-none sm:pt-10">
        {children}
      </main>
      <footer className="border-line border-t py-8">
        <LanguageChoice />
      </footer>
    </div>
  );
}
