import { Activity, Aperture, Boxes, House, Images, type LucideIcon, Sparkles, SwatchBook } from 'lucide-react';
import type { Messages } from '@/language/messages';

type NavName = keyof Messages['shell']['nav'];
/** `name` is the key of its label in the messages. */
export type NavItem = { href: `/${NavName}`; name: NavName; icon: LucideIcon };

export const NAV_ITEMS: readonly NavItem[] = [
  { href: '/home', name: 'home', icon: House },
  { href: '/train', name: 'train', icon: Aperture },
  { href: '/studio', name: 'studio', icon: Sparkles },
  { href: '/packs', name: 'packs', icon: SwatchBook },
  { href: '/gallery', name: 'gallery', icon: Images },
  { href: '/models', name: 'models', icon: Boxes },
  { href: '/activity', name: 'activity', icon: Activity },
];

/** Those with a place in the phone's bar; the rest are behind "More". */
export const BAR_ITEMS = NAV_ITEMS.filter((item) => ['/home', '/train', '/studio', '/gallery'].includes(item.href));
export const MORE_ITEMS = NAV_ITEMS.filter((item) => !BAR_ITEMS.includes(item));

/** True for the page itself and everything below it. */
export function isCurrent(href: string, pathname: string): boolean {
  return pathname === href || pathname.startsWith(`${href}/`);
}
