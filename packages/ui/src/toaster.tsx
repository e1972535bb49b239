'use client';

import { Toaster as Sonner, toast } from 'sonner';

export { toast };

/** Where short notes appear. A note is never the only carrier of an error or of the way back. */
export function Toaster() {
  return (
    <Sonner
      position="bottom-right"
      offset={{ bottom: '1.5rem', right: '1.5rem' }}
      mobileOffset={{ bottom: '5rem' }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            'flex w-full sm:w-[22rem] items-center gap-3 rounded-control bg-ink px-4 py-3 text-sm text-paper shadow-lift',
          actionButton:
            'ml-auto shrink-0 rounded-[6px] border border-current/40 px-2.5 py-1 font-medium hover:bg-paper/15',
          description: 'opacity-80',
        },
      }}
    />
  );
}
