'use client';

import { cn, Menu } from '@pixgen/ui';
import { ChevronsUpDown, ListChecks, LogOut, Settings, ShieldCheck } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { signOut } from '@/account/sign-out';

/** Who is signed in, and the way to settings and out. */
export function AccountMenu(props: { name: string; email: string | null; admin: boolean; compact?: boolean }) {
  const t = useTranslations('shell');
  const initial = [...props.name][0]?.toUpperCase() ?? '?';
  return (
    <Menu
      side={props.compact ? 'bottom' : 'top'}
      align={props.compact ? 'end' : 'start'}
      trigger={
        <button
          type="button"
          className={cn(
            'flex min-w-0 items-center gap-3 rounded-control text-left text-sm',
            !props.compact && 'w-full p-2 hover:bg-sunken dark:hover:bg-surface',
          )}
        >
          <span className="sr-only">{t('accountOf', { name: props.compact ? props.name : '' })}</span>
          <span
            aria-hidden="true"
            className="grid size-9 shrink-0 place-items-center rounded-full bg-accent-soft font-medium text-accent-strong dark:text-accent"
          >
            {initial}
          </span>
          {!props.compact && (
            <>
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium leading-tight">{props.name}</span>
                {props.email && <span className="block truncate text-ink-2 text-xs">{props.email}</span>}
              </span>
              <ChevronsUpDown aria-hidden="true" className="size-4 text-ink-2" />
            </>
          )}
        </button>
      }
      items={[
        { label: t('settings'), icon: <Settings aria-hidden="true" />, href: '/settings', as: Link },
        // The board is a page of the API's, not of this app: a plain link.
        ...(props.admin
          ? [
              { label: t('administration'), icon: <ShieldCheck aria-hidden="true" />, href: '/admin', as: Link },
              { label: t('queueBoard'), icon: <ListChecks aria-hidden="true" />, href: '/admin/queues' },
            ]
          : []),
        null,
        { label: t('signOut'), icon: <LogOut aria-hidden="true" />, onSelect: () => void signOut() },
      ]}
    />
  );
}
