'use client';

import { useEffect } from 'react';
import { Toaster as Sonner, toast as show } from 'sonner';
import { onWaiting, takeWaiting } from './toast.ts';

export default function ToastArea() {
  // Effects of children run first: Sonner listens by the time the waiting notes are handed over.
  useEffect(
    () =>
      onWaiting(() => {
        for (const { text, ...options } of takeWaiting()) show(text, { duration: 8000, ...options });
      }),
    [],
  );
  return (
    <Sonner
      position="bottom-right"
      offset={{ bottom: '1.5rem', right: '1.5rem' }}
      mobileOffset={{ bottom: '5rem' }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            'flex w-full sm:w-[22rem] items-center gap-3 rounded-control bg-ink px-4 py-3 font-sans text-sm text-paper shadow-lift',
          actionButton:
            'ml-auto shrink-0 rounded-[6px] border border-current/40 px-2.5 py-1 font-medium hover:bg-paper/15',
        },
      }}
    />
  );
}
