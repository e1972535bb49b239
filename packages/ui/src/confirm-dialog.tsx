'use client';

import { AlertDialog } from '@base-ui/react/alert-dialog';
import { useState } from 'react';
import { Button } from './button.tsx';
import type { ConfirmProps } from './confirm.tsx';

type Props = ConfirmProps & { open: boolean; onOpenChange: (open: boolean) => void };

export default function ConfirmDialog({ open, onOpenChange, ...props }: Props) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  async function confirm() {
    setBusy(true);
    setError(null);
    const failure = await props.onConfirm();
    setBusy(false);
    setError(failure);
    if (failure === null) onOpenChange(false);
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-50 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <AlertDialog.Popup className="fixed top-1/2 left-1/2 z-50 grid w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 gap-3 rounded-card border border-line bg-surface p-6 shadow-lift transition-[opacity,scale] duration-150 data-ending-style:scale-98 data-starting-style:scale-98 data-ending-style:opacity-0 data-starting-style:opacity-0">
          <AlertDialog.Title className="font-semibold text-lg tracking-[-0.01em]">{props.title}</AlertDialog.Title>
          {props.children && (
            <AlertDialog.Description className="text-ink-2 text-sm">{props.children}</AlertDialog.Description>
          )}
          {error && (
            <p role="alert" className="font-medium text-danger text-sm">
              {error}
            </p>
          )}
          <div className="mt-3 flex flex-wrap justify-end gap-2">
            <AlertDialog.Close render={<Button variant="ghost">{props.keep}</Button>} />
            <Button variant={props.danger ? 'danger' : 'primary'} busy={busy} onClick={confirm}>
              {props.action}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
