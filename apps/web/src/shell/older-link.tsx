import { buttonClass } from '@pixgen/ui';
import type { ReactNode } from 'react';

/** The way on in a list for who has no scripts; with them a button brings the rest into the same list. */
export function OlderLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <noscript>
      <a href={href} className={buttonClass({ className: 'mx-auto w-fit' })}>
        {children}
      </a>
    </noscript>
  );
}
