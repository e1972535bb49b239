'use client';

import { cn, Menu } from '@pixgen/ui';
import { Ellipsis } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { BAR_ITEMS, isCurrent, MORE_ITEMS, NAV_ITEMS } from './nav-items';

export function SideNav() {
  const t = useTranslations('shell');
  const pathname = usePathname();
  return (
    <nav aria-label={t('main')}>
      <ul className="grid gap-0.5">
        {NAV_ITEMS.map((item) => {
          const current = isCurrent(item.href, pathname);
          return (
            <li key={item.href}>
              <Link
                href={item.href}
                aria-current={current ? 'page' : undefined}
                className={cn(
                  'flex h-10 items-center gap-3 rounded-control px-3 text-ink-2 text-sm transition-colors hover:bg-sunken hover:text-ink dark:hover:bg-surface',
                  current && 'bg-sunken font-medium text-ink dark:bg-surface [&_svg]:text-accent',
                )}
              >
                <item.icon aria-hidden="true" className="size-[1.15rem]" strokeWidth={1.75} />
                {t(`nav.${item.name}`)}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

const barItem = 'flex w-full flex-col items-center gap-1 pt-2.5 pb-2 text-[0.6875rem] text-ink-2';

export function BottomBar() {
  const t = useTranslations('shell');
  const pathname = usePathname();
  const moreIsCurrent = MORE_ITEMS.some((item) => isCurrent(item.href, pathname));
  return (
    <nav
      aria-label={t('main')}
      className="fixed inset-x-0 bottom-0 z-30 border-line border-t bg-paper/92 pb-[env(safe-area-inset-bottom)] backdrop-blur-md lg:hidden"
    >
      <ul className="mx-auto grid max-w-md grid-cols-5">
        {BAR_ITEMS.map((item) => {
          const current = isCurrent(item.href, pathname);
          return (
            <li key={item.href}>
              <Link
                href={item.href}
                aria-current={current ? 'page' : undefined}
                className={cn(barItem, current && 'font-medium text-accent')}
              >
                <item.icon aria-hidden="true" className="size-5" strokeWidth={1.75} />
                {t(`nav.${item.name}`)}
              </Link>
            </li>
          );
        })}
        <li>
          <Menu
            side="top"
            trigger={
              <button type="button" className={cn(barItem, moreIsCurrent && 'font-medium text-accent')}>
                <Ellipsis aria-hidden="true" className="size-5" strokeWidth={1.75} />
                {t('more')}
              </button>
            }
            items={MORE_ITEMS.map((item) => ({
              label: t(`nav.${item.name}`),
              icon: <item.icon aria-hidden="true" />,
              href: item.href,
              as: Link,
            }))}
          />
        </li>
      </ul>
    </nav>
  );
}
