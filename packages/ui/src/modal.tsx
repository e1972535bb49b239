'use client';

import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { cn } from './cn.ts';

/** A window over the page, open as long as it is drawn. Its own entry: it weighs more than most pages. */
export function Modal(props: {
  title: string;
  /** Only screen readers hear the title. */
  hideTitle?: boolean;
  /** What the button that closes it is called. */
  closeLabel: string;
  onClose: () => void;
  className?: string;
  children: ReactNode;
}) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && props.onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-50 bg-scrim" />
        <Dialog.Popup
          className={cn(
            'fixed top-[12dvh] left-1/2 z-50 grid max-h-[80dvh] w-[min(38rem,calc(100vw-2rem))] -translate-x-1/2 gap-5 overflow-y-auto rounded-card border border-line bg-surface p-6 shadow-lift outline-none',
            props.className,
          )}
        >
          {props.hideTitle ? (
            <Dialog.Title className="sr-only">{props.title}</Dialog.Title>
          ) : (
            <div className="flex items-center justify-between gap-4">
              <Dialog.Title className="font-semibold text-lg tracking-[-0.01em]">{props.title}</Dialog.Title>
              <IconButton label={props.closeLabel} size="iconSm" onClick={props.onClose}>
                <X aria-hidden="true" />
              </IconButton>
            </div>
          )}
          {props.children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
