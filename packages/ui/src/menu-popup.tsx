'use client';

import { Menu as Base } from '@base-ui/react/menu';
import { Fragment } from 'react';
import { cn } from './cn.ts';
import type { MenuEntry, MenuProps } from './menu.tsx';

const look =
  'flex w-full cursor-pointer select-none items-center gap-2.5 rounded-[7px] px-2.5 py-2 text-left text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-sunken dark:data-highlighted:bg-line [&_svg]:size-4 [&_svg]:text-ink-2';

/** The menu itself; it opens as it is first drawn, since a click on its trigger brought it here. */
export default function MenuPopup({ trigger, items, side = 'bottom', align = 'end' }: MenuProps) {
  return (
    <Base.Root modal={false} defaultOpen>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={6} className="z-40">
          <Base.Popup className="min-w-52 origin-(--transform-origin) rounded-control border border-line bg-surface p-1.5 shadow-lift outline-none transition-[opacity,scale] duration-100 data-ending-style:scale-98 data-starting-style:scale-98 data-ending-style:opacity-0 data-starting-style:opacity-0">
            {items.map((item, index) =>
              item ? (
                <Entry key={item.label} {...item} />
              ) : (
                <Fragment key={`line-${items[index - 1]?.label}`}>
                  <Base.Separator className="mx-2 my-1.5 h-px bg-line" />
                </Fragment>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Entry({ label, icon, danger, href, as: Link = 'a', onSelect }: MenuEntry) {
  const className = cn(look, danger && 'text-danger [&_svg]:text-danger');
  if (href) {
    return (
      <Base.LinkItem className={className} closeOnClick render={<Link href={href} />}>
        {icon}
        {label}
      </Base.LinkItem>
    );
  }
  return (
    <Base.Item className={className} onClick={onSelect}>
      {icon}
      {label}
    </Base.Item>
  );
}
