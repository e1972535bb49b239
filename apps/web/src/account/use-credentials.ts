'use client';

import { useTranslations } from 'next-intl';
import { useState } from 'react';

export type CredentialFailure = { message: string; fields: Record<string, string> };

/**
 * Sends a form to one of our identity handlers. On success the whole page goes to `next`, so that nothing of another
 * person's session stays in memory.
 */
export function useCredentials(path: '/auth/sign-in' | '/auth/sign-up' | '/auth/set-up', next: string) {
  const t = useTranslations('entrance');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<CredentialFailure | null>(null);
  async function send(body: Record<string, string>) {
    setBusy(true);
    setFailure(null);
    const result = await post(path, body);
    if (result === 'done') {
      window.location.assign(next);
      return;
    }
    setFailure(result ?? { message: t('unreachable'), fields: {} });
    setBusy(false);
  }
  return { busy, failure, send };
}

/** @returns null when nobody answered in words */
async function post(path: string, body: Record<string, string>): Promise<CredentialFailure | 'done' | null> {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (answer?.ok) return 'done';
  const refusal: unknown = await answer?.json().catch(() => null);
  return readRefusal(refusal);
}

/** The API's `{ error: { message, fields } }` as the form shows it; null for anything else. */
export function readRefusal(body: unknown): CredentialFailure | null {
  const { error } = (body ?? {}) as { error?: { message?: unknown; fields?: unknown } };
  if (typeof error?.message !== 'string') return null;
  const issues: { path: string; message: string }[] = Array.isArray(error.fields) ? error.fields : [];
  return { message: error.message, fields: Object.fromEntries(issues.map((issue) => [issue.path, issue.message])) };
}
