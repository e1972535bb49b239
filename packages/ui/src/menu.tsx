'use client';

import {
  cloneElement,
  type ElementType,
  type HTMLAttributes,
  lazy,
  type ReactElement,
  type ReactNode,
  Suspense,
  useState,
} from 'react';

const load = () => import('./menu-popup.tsx');
// Fetched when someone comes near it: placing and focus handling weigh more than most pages.
const MenuPopup = lazy(load);

export type MenuEntry = {
  label: string;
  icon?: ReactNode;
  danger?: boolean;
  /** Goes somewhere, */
  href?: string;
  /** with this component for the link (default `a`), */
  as?: ElementType;
  /** or does something. */
  onSelect?: () => void;
};
export type MenuProps = {
  trigger: ReactElement<HTMLAttributes<HTMLButtonElement>>;
  /** Null draws a line. */
  items: readonly (MenuEntry | null)[];
  side?: 'top' | 'bottom';
  align?: 'start' | 'end';
};

/** A button that opens a list of actions. */
export function Menu(props: MenuProps) {
  const [wanted, setWanted] = useState(false);
  const near = () => void load();
  const closed = cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onPointerEnter: near,
    onFocus: near,
    onClick: () => setWanted(true),
  });
  if (!wanted) return closed;
  return (
    <Suspense fallback={closed}>
      <MenuPopup {...props} />
    </Suspense>
  );
}
