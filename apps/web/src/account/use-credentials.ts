'use client';

import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { type CredentialFailure, type CredentialPath, postCredentials } from './post-credentials';

/**
 * Sends a form to one of our identity handlers. On success the whole page goes to `next`, so that nothing of another
 * person's session stays in memory.
 */
export function useCredentials(path: CredentialPath, next: string, onDone?: () => void) {
  const t = useTranslations('entrance');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<CredentialFailure | null>(null);
  async function send(body: Record<string, string>) {
    setBusy(true);
    setFailure(null);
    const result = await postCredentials(path, body);
    if (result === 'done') {
      onDone?.();
      window.location.assign(next);
      return;
    }
    setFailure(result ?? { message: t('unreachable'), fields: {} });
    setBusy(false);
  }
  return { busy, failure, send };
}
