import type { AccountView } from '@pixgen/domain';
import { PROFILES } from '@pixgen/domain';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Shortcuts } from '@/keys/shortcuts';
import { AccountMenu } from './account-menu';
import { DropRecipe } from './drop-recipe';
import { LiveNote } from './live-note';
import { Logo } from './logo';
import { BottomBar, SideNav } from './nav';
import { PaletteButton } from './palette-button';
import { WaitNotice } from './wait-notice';

/** Sidebar on a desk, bar at the bottom on a phone, the page between. */
export function AppShell({ account, children }: { account: AccountView; children: ReactNode }) {
  const t = useTranslations('shell');
  return (
    <div className="lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <aside className="hidden border-line border-r lg:block">
        <div className="sticky top-0 flex h-dvh flex-col gap-6 px-4 py-6">
          <Link href="/home" aria-label={t('pixgenHome')} className="self-start rounded-control px-2">
            <Logo />
          </Link>
          <SideNav />
          <PaletteButton />
          <div className="mt-auto grid gap-3">
            <LiveNote />
            <AccountMenu name={account.displayName} email={account.email} admin={account.role === 'admin'} />
          </div>
        </div>
      </aside>
      <div className="flex min-h-dvh min-w-0 flex-col">
        <header className="flex items-center justify-between gap-4 px-4 pt-4 lg:hidden">
          <Link href="/home" aria-label={t('pixgenHome')} className="rounded-control">
            <Logo />
          </Link>
          <AccountMenu compact name={account.displayName} email={account.email} admin={account.role === 'admin'} />
        </header>
        <div className="px-2 lg:hidden">
          <LiveNote />
        </div>
        {PROFILES[account.profile].simulated && <SimulatedRibbon name={account.profile} />}
        <main
          id="main"
          tabIndex={-1}
          className="mx-auto w-full max-w-6xl has-data-wide:max-w-none flex-1 px-4 pt-6 pb-28 outline-none sm:px-8 sm:pt-10 lg:pb-16"
        >
          {children}
        </main>
      </div>
      <WaitNotice />
      <DropRecipe />
      <BottomBar />
      <Shortcuts admin={account.role === 'admin'} />
    </div>
  );
}

function SimulatedRibbon({ name }: { name: 'nano' | 'tiny' | 'sdxl' }) {
  const t = useTranslations('shell');
  return (
    <aside
      aria-label={t('installation')}
      className="mt-4 bg-warn-soft px-4 py-1.5 text-center text-warn text-xs sm:text-sm lg:mt-0"
    >
      {name === 'nano' ? t('nanoBaseModelRandomWeights') : t('tinyBaseModelEmojiLike')}
    </aside>
  );
}
