'use client';

import { cn, Menu, MenuItem, MenuLink, MenuSeparator } from '@pixgen/ui';
import { ChevronsUpDown, ListChecks, LogOut, Settings } from 'lucide-react';
import Link from 'next/link';
import { signOut } from '@/account/sign-out';

/** Who is signed in, and the way to settings and out. */
export function AccountMenu(props: { name: string; email: string | null; admin: boolean; compact?: boolean }) {
  const initial = [...props.name][0]?.toUpperCase() ?? '?';
  return (
    <Menu
      side={props.compact ? 'bottom' : 'top'}
      align={props.compact ? 'end' : 'start'}
      trigger={
        <button
          type="button"
          aria-label={`Account: ${props.name}`}
          className={cn(
            'flex min-w-0 items-center gap-3 rounded-control text-left text-sm',
            !props.compact && 'w-full p-2 hover:bg-sunken dark:hover:bg-surface',
          )}
        >
          <span className="grid size-9 shrink-0 place-items-center rounded-full bg-accent-soft font-medium text-accent-strong dark:text-accent">
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
    >
      <MenuLink render={<Link href="/settings" />}>
        <Settings aria-hidden="true" /> Settings
      </MenuLink>
      {props.admin && (
        // The board is a page of the API's, not of this app: a plain link.
        <MenuLink render={<a href="/admin/queues" />}>
          <ListChecks aria-hidden="true" /> Queue board
        </MenuLink>
      )}
      <MenuSeparator />
      <MenuItem onClick={() => void signOut()}>
        <LogOut aria-hidden="true" /> Sign out
      </MenuItem>
    </Menu>
  );
}
