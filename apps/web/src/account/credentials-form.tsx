'use client';

import { LIMITS } from '@pixgen/domain';
import { Button, Field, Input, Notice } from '@pixgen/ui';
import { type FormEvent, useEffect, useState } from 'react';
import { useCredentials } from './use-credentials';

function values(event: FormEvent<HTMLFormElement>): Record<string, string> {
  event.preventDefault();
  const entries = [...new FormData(event.currentTarget)].filter(([, value]) => value !== '');
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

export function SignInForm({ next }: { next: string }) {
  const { busy, failure, send } = useCredentials('/auth/sign-in', next);
  return (
    <form method="post" className="grid gap-5" onSubmit={(event) => void send(values(event))}>
      {failure && <Notice tone="danger">{failure.message}</Notice>}
      <Field label="E-mail" error={failure?.fields.email}>
        <Input name="email" type="email" autoComplete="username" required maxLength={LIMITS.email.max} />
      </Field>
      <Field label="Password" error={failure?.fields.password}>
        <Input
          name="password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={LIMITS.password.max}
        />
      </Field>
      <Button type="submit" variant="primary" size="lg" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}

/** New accounts; `invite` asks for the code where registration is by invitation. */
export function SignUpForm({ next, invite }: { next: string; invite: boolean }) {
  const { busy, failure, send } = useCredentials('/auth/sign-up', next);
  return (
    <form method="post" className="grid gap-5" onSubmit={(event) => void send(values(event))}>
      {failure && <Notice tone="danger">{failure.message}</Notice>}
      <NewAccountFields fields={failure?.fields ?? {}} />
      {invite && (
        <Field
          label="Invitation code"
          hint="This installation takes new people by invitation."
          error={failure?.fields.invite}
        >
          <Input name="invite" required autoComplete="off" maxLength={200} />
        </Field>
      )}
      <Button type="submit" variant="primary" size="lg" busy={busy}>
        Create account
      </Button>
    </form>
  );
}

/** The first administrator. The one-time token stands behind `#` in the address, so it is in no log. */
export function SetUpForm() {
  const { busy, failure, send } = useCredentials('/auth/set-up', '/home');
  const [token, setToken] = useState<string | null>(null);
  useEffect(() => {
    const given = new URLSearchParams(window.location.hash.slice(1)).get('token') ?? '';
    setToken(given);
    if (given) window.history.replaceState(null, '', window.location.pathname);
  }, []);
  if (token === '') {
    return (
      <Notice tone="warn" title="The link is not complete">
        Open the whole set-up link that the start of PixGen printed, with everything behind the # sign. It works once.
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
      <Button type="submit" variant="primary" size="lg" busy={busy || token === null}>
        Create the administrator
      </Button>
    </form>
  );
}

function NewAccountFields({ fields }: { fields: Record<string, string> }) {
  return (
    <>
      <Field label="Your name" error={fields.displayName}>
        <Input name="displayName" autoComplete="name" required maxLength={LIMITS.name.max} />
      </Field>
      <Field label="E-mail" error={fields.email}>
        <Input name="email" type="email" autoComplete="username" required maxLength={LIMITS.email.max} />
      </Field>
      <Field label="Password" hint={`At least ${LIMITS.password.min} characters.`} error={fields.password}>
        <Input
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={LIMITS.password.min}
          maxLength={LIMITS.password.max}
        />
      </Field>
    </>
  );
}
