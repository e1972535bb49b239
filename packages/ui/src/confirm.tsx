'use client';

import { cloneElement, lazy, type MouseEvent, type ReactElement, type ReactNode, Suspense, useState } from 'react';

// Fetched when it is first opened: the focus handling of a dialog weighs more than most pages.
const ConfirmDialog = lazy(() => import('./confirm-dialog.tsx'));

export type ConfirmProps = {
  title: string;
  children?: ReactNode;
  action: string;
  /** The way out. */
  keep: string;
  danger?: boolean;
  /** Resolves with null when done, or with the sentence that says why not. */
  onConfirm: () => Promise<string | null>;
};

/**
 * Asks before something that cannot be taken back lightly. Stays open while `onConfirm` runs and shows its error.
 *
 * @param props.trigger the button that opens it
 */
export function Confirm({
  trigger,
  ...rest
}: ConfirmProps & { trigger: ReactElement<{ onClick?: (event: MouseEvent) => void }> }) {
  const [open, setOpen] = useState<boolean | null>(null);
  return (
    <>
      {cloneElement(trigger, { onClick: () => setOpen(true) })}
      {open !== null && (
        <Suspense>
          <ConfirmDialog {...rest} open={open} onOpenChange={setOpen} />
        </Suspense>
      )}
    </>
  );
}
