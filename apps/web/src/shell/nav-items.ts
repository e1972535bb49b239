import { Activity, Aperture, Boxes, House, Images, type LucideIcon, Sparkles, SwatchBook } from 'lucide-react';

export type NavItem = { href: string; label: string; icon: LucideIcon };

export const NAV_ITEMS: readonly NavItem[] = [
  { href: '/home', label: 'Home', icon: House },
  { href: '/train', label: 'Train', icon: Aperture },
  { href: '/studio', label: 'Studio', icon: Sparkles },
  { href: '/packs', label: 'Packs', icon: SwatchBook },
  { href: '/gallery', label: 'Gallery', icon: Images },
  { href: '/models', label: 'Models', icon: Boxes },
  { href: '/activity', label: 'Activity', icon: Activity },
];

/** Those with a place in the phone's bar; the rest are behind "More". */
export const BAR_ITEMS = NAV_ITEMS.filter((item) => ['/home', '/train', '/studio', '/gallery'].includes(item.href));
export const MORE_ITEMS = NAV_ITEMS.filter((item) => !BAR_ITEMS.includes(item));

/** True for the page itself and everything below it. */
export function isCurrent(href: string, pathname: string): boolean {
  return pathname === href || pathname.startsWith(`${href}/`);
}
