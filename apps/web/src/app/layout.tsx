import { PAPER } from '@pixgen/ui/theme';
import type { Metadata, Viewport } from 'next';
import { headers } from 'next/headers';
import { NextIntlClientProvider } from 'next-intl';
import { getLocale, getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';
import { ClerkShell } from '@/account/clerk';
import { env } from '@/env';
import { Words } from '@/language/words-for';
import { FONT_CLASSES } from '@/shell/fonts';
import { THEME_SCRIPT } from '@/shell/theme-script';
import { WithErrorViews } from '@/shell/with-error-views';
import './globals.css';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('shell');
  return {
    title: { default: 'PixGen', template: '%s · PixGen' },
    description: t('description'),
    robots: { index: false },
  };
}
export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: PAPER.light },
    { media: '(prefers-color-scheme: dark)', color: PAPER.dark },
  ],
};

/** Reading the request's headers makes every page dynamic, which the nonce needs. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const t = await getTranslations('shell');
  const nonce = (await headers()).get('x-nonce') ?? undefined;
  const page = (
    <html lang={await getLocale()} suppressHydrationWarning className={FONT_CLASSES}>
      <head>
        <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }} />
      </head>
      <body>
        <a
          href="#main"
          className="-translate-y-20 fixed top-3 left-3 z-50 rounded-control bg-accent px-4 py-2 font-medium text-accent-ink text-sm focus:translate-y-0"
        >
          {t('skipToTheContent')}
        </a>
        <NextIntlClientProvider messages={{}}>
          <Words of={['states']}>
            <WithErrorViews>{children}</WithErrorViews>
          </Words>
        </NextIntlClientProvider>
      </body>
    </html>
  );
  if (env().AUTH_MODE !== 'clerk') return page;
  return (
    <ClerkShell publishableKey={env().CLERK_PUBLISHABLE_KEY ?? ''} nonce={nonce}>
      {page}
    </ClerkShell>
  );
}
