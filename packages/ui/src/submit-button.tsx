'use client';

import { type ComponentProps, useSyncExternalStore } from 'react';
import { Button } from './button.tsx';

const never = () => () => {};

/**
 * Sends the form that it stands in. It does nothing until the page is alive: a browser would otherwise send the form in its
 * own way, to the page itself, and what was typed would be gone. A browser lets Enter do nothing too while it is disabled.
 */
export function SubmitButton({ disabled = false, ...rest }: Omit<ComponentProps<typeof Button>, 'type'>) {
  const isAlive = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  return <Button type="submit" disabled={disabled || !isAlive} {...rest} />;
}
