'use client';

import { AlertDialog as BaseAlert } from '@base-ui/react/alert-dialog';
import { type ReactElement, type ReactNode, useState } from 'react';
import { Button } from './button.tsx';

/**
 * Asks before something that cannot be taken back lightly. Stays open while `onConfirm` runs and shows its error.
 *
 * @param props.trigger the button that opens it
 * @param props.onConfirm resolves with null when done, or with the sentence that says why not
 */
export function Confirm(props: {
  trigger: ReactElement;
  title: string;
  children?: ReactNode;
  action: string;
  keep?: string;
  danger?: boolean;
  onConfirm: () => Promise<string | null>;
}) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  async function confirm() {
    setBusy(true);
    setError(null);
    const failure = await props.onConfirm();
    setBusy(false);
    setError(failure);
    if (failure === null) setOpen(false);
  }
  return (
    <BaseAlert.Root open={open} onOpenChange={setOpen}>
      <BaseAlert.Trigger render={props.trigger} />
      <BaseAlert.Portal>
        <BaseAlert.Backdrop className="fixed inset-0 z-50 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <BaseAlert.Popup className="fixed top-1/2 left-1/2 z-50 grid w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 gap-3 rounded-card border border-line bg-surface p-6 shadow-lift transition-[opacity,scale] duration-150 data-ending-style:scale-98 data-starting-style:scale-98 data-ending-style:opacity-0 data-starting-style:opacity-0">
          <BaseAlert.Title className="font-semibold text-lg tracking-[-0.01em]">{props.title}</BaseAlert.Title>
          {props.children && (
            <BaseAlert.Description className="text-ink-2 text-sm">{props.children}</BaseAlert.Description>
          )}
          {error && (
            <p role="alert" className="font-medium text-danger text-sm">
              {error}
            </p>
          )}
          <div className="mt-3 flex flex-wrap justify-end gap-2">
            <BaseAlert.Close render={<Button variant="ghost">{props.keep ?? 'Keep it'}</Button>} />
            <Button variant={props.danger ? 'danger' : 'primary'} busy={busy} onClick={confirm}>
              {props.action}
            </Button>
          </div>
        </BaseAlert.Popup>
      </BaseAlert.Portal>
    </BaseAlert.Root>
  );
}
