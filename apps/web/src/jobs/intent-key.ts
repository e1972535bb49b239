'use client';

import { useCallback } from 'react';

const PREFIX = 'pixgen-intent:';

/**
 * Keeps one idempotency key per intent: the same input sent again after a lost answer, a double click or a reload carries
 * the same key, so it never starts a second job. `settle` forgets it once the answer has come.
 *
 * @param scope names the button, e.g. `train:{modelId}`
 */
export function useIntentKey(scope: string) {
  const keyFor = useCallback(
    (input: unknown): string => {
      const name = PREFIX + scope;
      const fingerprint = JSON.stringify(input);
      const [kept, key] = read(name);
      if (kept === fingerprint && key) return key;
      const fresh = randomKey();
      write(name, [fingerprint, fresh]);
      return fresh;
    },
    [scope],
  );
  const settle = useCallback(() => write(PREFIX + scope, null), [scope]);
  return { keyFor, settle };
}

function read(name: string): [fingerprint?: string, key?: string] {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? '[]');
  } catch {
    return [];
  }
}

/** Without storage (private modes) the key lives as long as the call, which only costs protection across a reload. */
function write(name: string, value: [string, string] | null): void {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(value));
  } catch {}
}

/** 128 random bits in hex. `crypto.randomUUID` is missing on plain-http addresses other than localhost. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
