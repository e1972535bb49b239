'use client';

import { LIMITS } from '@pixgen/domain';
import { Field, Input, Notice, SubmitButton } from '@pixgen/ui';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type FormEvent, useState } from 'react';
import { useTRPC } from '@/trpc/client';
import { type CredentialFailure, postCredentials } from './post-credentials';

/** The old password and the new one. Every other browser is signed out; this one goes on with a new session. */
export function ChangePassword() {
  const t = useTranslations('settings');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [state, setState] = useState<'idle' | 'busy' | 'done' | CredentialFailure>('idle');
  const failure = typeof state === 'object' ? state : null;
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    setState('busy');
    const result = await postCredentials('/auth/change-password', Object.fromEntries(new FormData(form)));
    setState(result ?? { message: t('unreachable'), fields: {} });
    if (result !== 'done') return;
    form.reset();
    await queryClient.invalidateQueries(trpc.account.sessions.queryFilter());
  }
  return (
    <form
      method="post"
      aria-label={t('changeThePassword')}
      onSubmit={(event) => void submit(event)}
      className="grid max-w-md justify-items-start gap-4"
    >
      <h3 className="font-medium">{t('changeThePassword')}</h3>
      {state === 'done' && <Notice tone="good">{t('thePasswordIsChanged')}</Notice>}
      {failure && Object.keys(failure.fields).length === 0 && <Notice tone="danger">{failure.message}</Notice>}
      <Field label={t('currentPassword')} className="w-full" error={failure?.fields.currentPassword}>
        <Input
          name="currentPassword"
          type="password"
          autoComplete="current-password"
          required
          maxLength={LIMITS.password.max}
        />
      </Field>
      <Field
        label={t('newPassword')}
        hint={t('atLeastCharacters', { min: LIMITS.password.min })}
        className="w-full"
        error={failure?.fields.password}
      >
        <Input
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={LIMITS.password.min}
          maxLength={LIMITS.password.max}
        />
      </Field>
      <SubmitButton busy={state === 'busy'}>{t('changeThePassword')}</SubmitButton>
    </form>
  );
}
