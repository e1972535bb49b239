'use client';

import { LIMITS } from '@pixgen/domain';
import { Field, Input, Notice, SubmitButton } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { type FormEvent, useCallback, useEffect, useState } from 'react';
import { keepToken, keptToken } from './kept-token';
import { useCredentials } from './use-credentials';

function values(event: FormEvent<HTMLFormElement>): Record<string, string> {
  event.preventDefault();
  const entries = [...new FormData(event.currentTarget)].filter(([, value]) => value !== '');
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

export function SignInForm({ next }: { next: string }) {
  const t = useTranslations('entrance');
  const { busy, failure, send } = useCredentials('/auth/sign-in', next);
  return (
    <form method="post" className="grid gap-5" onSubmit={(event) => void send(values(event))}>
      {failure && <Notice tone="danger">{failure.message}</Notice>}
      <Field label={t('eMail')} error={failure?.fields.email}>
        <Input name="email" type="email" autoComplete="username" required maxLength={LIMITS.email.max} />
      </Field>
      <Field label={t('password')} error={failure?.fields.password}>
        <Input
          name="password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={LIMITS.password.max}
        />
      </Field>
      <SubmitButton variant="primary" size="lg" busy={busy}>
        {t('signIn')}
      </SubmitButton>
      <NeedsScripts />
      <p className="text-ink-2 text-sm">{t('forgotYourPasswordAsk')}</p>
    </form>
  );
}

/** New accounts; `invite` asks for the code where registration is by invitation. */
export function SignUpForm({ next, invite }: { next: string; invite: boolean }) {
  const t = useTranslations('entrance');
  const { busy, failure, send } = useCredentials('/auth/sign-up', next);
  return (
    <form method="post" className="grid gap-5" onSubmit={(event) => void send(values(event))}>
      {failure && <Notice tone="danger">{failure.message}</Notice>}
      <NewAccountFields fields={failure?.fields ?? {}} />
      {invite && (
        <Field label={t('invitationCode')} hint={t('thisInstallationTakesNewPeople')} error={failure?.fields.invite}>
          <Input name="invite" required autoComplete="off" maxLength={200} />
        </Field>
      )}
      <SubmitButton variant="primary" size="lg" busy={busy}>
        {t('createAccount')}
      </SubmitButton>
      <NeedsScripts />
    </form>
  );
}

/**
 * The one-time token of a link. It stands behind `#` in the address, so it is in no log; once read it is kept in this
 * tab, so that a reload does not lose it, until it has been used.
 *
 * @returns null until the page is alive, an empty text when there is none
 */
function useLinkToken(): { token: string | null; forget: () => void } {
  const [token, setToken] = useState<string | null>(null);
  useEffect(() => {
    const given = new URLSearchParams(window.location.hash.slice(1)).get('token');
    setToken(given ?? keptToken());
    if (!given) return;
    keepToken(given);
    window.history.replaceState(null, '', window.location.pathname);
  }, []);
  const forget = useCallback(() => keepToken(null), []);
  return { token, forget };
}

/** A new password by a one-time link, for who forgot the old one. */
export function SetPasswordForm() {
  const t = useTranslations('entrance');
  const { token, forget } = useLinkToken();
  const { busy, failure, send } = useCredentials('/auth/set-password', '/home', forget);
  if (token === '') {
    return (
      <Notice tone="warn" title={t('theLinkIsNotComplete')}>
        {t('openTheWholeLinkThat')}
      </Notice>
    );
  }
  return (
    <form
      method="post"
      className="grid gap-5"
      onSubmit={(event) => void send({ ...values(event), token: token ?? '' })}
    >
      {failure && !failure.fields.password && <Notice tone="danger">{failure.fields.token ?? failure.message}</Notice>}
      <NewPassword error={failure?.fields.password} />
      <SubmitButton variant="primary" size="lg" busy={busy} disabled={token === null}>
        {t('setThePassword')}
      </SubmitButton>
      <NeedsScripts />
    </form>
  );
}

/** The first administrator, by a one-time link. */
export function SetUpForm() {
  const t = useTranslations('entrance');
  const { token, forget } = useLinkToken();
  const { busy, failure, send } = useCredentials('/auth/set-up', '/home', forget);
  if (token === '') {
    return (
      <Notice tone="warn" title={t('theLinkIsNotComplete')}>
        {t('openTheWholeSetUp')}
      </Notice>
    );
  }
  return (
    <form
      method="post"
      className="grid gap-5"
      onSubmit={(event) => void send({ ...values(event), token: token ?? '' })}
    >
      {failure && <Notice tone="danger">{failure.fields.token ?? failure.message}</Notice>}
      <NewAccountFields fields={failure?.fields ?? {}} />
      <SubmitButton variant="primary" size="lg" busy={busy} disabled={token === null}>
        {t('createTheAdministrator')}
      </SubmitButton>
      <NeedsScripts />
    </form>
  );
}

/** The server can send the page, and only scripts can send the form. */
function NeedsScripts() {
  const t = useTranslations('entrance');
  return (
    <noscript>
      <Notice tone="warn">{t('thisFormNeedsJavascript')}</Notice>
    </noscript>
  );
}

function NewAccountFields({ fields }: { fields: Record<string, string> }) {
  const t = useTranslations('entrance');
  return (
    <>
      <Field label={t('yourName')} error={fields.displayName}>
        <Input name="displayName" autoComplete="name" required maxLength={LIMITS.name.max} />
      </Field>
      <Field label={t('eMail')} error={fields.email}>
        <Input name="email" type="email" autoComplete="username" required maxLength={LIMITS.email.max} />
      </Field>
      <NewPassword error={fields.password} />
    </>
  );
}

function NewPassword({ error }: { error: string | undefined }) {
  const t = useTranslations('entrance');
  return (
    <Field label={t('password')} hint={t('atLeastCharacters', { min: LIMITS.password.min })} error={error}>
      <Input
        name="password"
        type="password"
        autoComplete="new-password"
        required
        minLength={LIMITS.password.min}
        maxLength={LIMITS.password.max}
      />
    </Field>
  );
}
