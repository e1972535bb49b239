'use client';

import { lazy, Suspense } from 'react';
import type { ConfirmProps } from './confirm.tsx';

const ConfirmDialog = lazy(() => import('./confirm-dialog.tsx'));

/**
 * The question alone, for what is asked for elsewhere than by a button: an entry of a menu, say. Drawn while it is open.
 * Its own entry: few pages ask so.
 */
export function Question({ onClose, ...rest }: ConfirmProps & { onClose: () => void }) {
  return (
    <Suspense>
      <ConfirmDialog {...rest} open onOpenChange={(open) => !open && onClose()} />
    </Suspense>
  );
}
