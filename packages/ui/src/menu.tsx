'use client';

import { Menu as Base } from '@base-ui/react/menu';
import type { ComponentProps, ReactElement, ReactNode } from 'react';
import { cn } from './cn.ts';

const item =
  'flex w-full cursor-pointer select-none items-center gap-2.5 rounded-[7px] px-2.5 py-2 text-left text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-sunken dark:data-highlighted:bg-line [&_svg]:size-4 [&_svg]:text-ink-2';

/** A button that opens a list of actions. */
export function Menu(props: {
  trigger: ReactElement;
  children: ReactNode;
  side?: 'top' | 'bottom';
  align?: 'start' | 'end';
}) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={props.trigger} />
      <Base.Portal>
        <Base.Positioner side={props.side ?? 'bottom'} align={props.align ?? 'end'} sideOffset={6} className="z-40">
          <Base.Popup className="min-w-52 origin-(--transform-origin) rounded-control border border-line bg-surface p-1.5 shadow-lift outline-none transition-[opacity,scale] duration-100 data-ending-style:scale-98 data-starting-style:scale-98 data-ending-style:opacity-0 data-starting-style:opacity-0">
            {props.children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuItem({
  className,
  danger,
  ...rest
}: ComponentProps<typeof Base.Item> & { danger?: boolean; className?: string }) {
  return <Base.Item className={cn(item, danger && 'text-danger [&_svg]:text-danger', className)} {...rest} />;
}

/** An item that goes somewhere; `render` takes the link element. */
export function MenuLink({ render, children }: { render: ReactElement; children: ReactNode }) {
  return (
    <Base.LinkItem className={item} render={render} closeOnClick>
      {children}
    </Base.LinkItem>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="mx-2 my-1.5 h-px bg-line" />;
}
