'use client';

import { LIMITS } from '@pixgen/domain';
import { Button, Confirm, Field, Input, Notice, SubmitButton } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Copy } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type FormEvent, useState } from 'react';
import { Ago } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** Keys for programs. A key is shown once, right after it was made. */
export function ApiKeys() {
  const t = useTranslations('settings');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const keys = useQuery(trpc.account.apiKeys.queryOptions());
  const refresh = () => void queryClient.invalidateQueries(trpc.account.apiKeys.queryFilter());
  const create = useMutation(trpc.account.createApiKey.mutationOptions({ onSuccess: refresh }));
  const revoke = useMutation(trpc.account.revokeApiKey.mutationOptions({ onSuccess: refresh }));
  const [name, setName] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim()) create.mutate({ name }, { onSuccess: () => setName('') });
  }
  return (
    <div className="grid gap-5">
      {create.data && <NewKey secret={create.data.secret} />}
      {create.error && <Notice tone="danger">{failureOf(create.error).message}</Notice>}
      {keys.data && keys.data.items.length > 0 && (
        <ul aria-label={t('apiKeys')} className="grid divide-y divide-line">
          {keys.data.items.map((key) => (
            <li key={key.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-3 text-sm">
              <span className="font-medium">{key.name}</span>
              <span className="font-mono text-ink-2">{key.prefix}…</span>
              <span className="text-ink-2">
                {key.lastUsedAt ? t.rich('lastUsed', { ago: () => <Ago at={key.lastUsedAt ?? ''} /> }) : t('neverUsed')}
              </span>
              <span className="ml-auto">
                <Confirm
                  danger
                  trigger={
                    <Button size="sm" variant="quietDanger">
                      {t('revoke')}
                    </Button>
                  }
                  title={t('revoke2', { name: key.name })}
                  action={t('revokeTheKey')}
                  keep={t('keepIt')}
                  onConfirm={() =>
                    revoke.mutateAsync({ id: key.id }).then(
                      () => null,
                      (error) => failureOf(error).message,
                    )
                  }
                >
                  {t('programsThatUseItStop')}
                </Confirm>
              </span>
            </li>
          ))}
        </ul>
      )}
      {keys.data?.items.length === 0 && !create.data && <p className="text-ink-2 text-sm">{t('noKeysYet')}</p>}
      <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
        <Field label={t('nameOfANewKey')} className="min-w-0 flex-1 basis-48">
          <Input
            value={name}
            onChange={(event) => setName(event.target.value)}
            maxLength={LIMITS.name.max}
            required
            autoComplete="off"
          />
        </Field>
        <SubmitButton busy={create.isPending}>{t('createKey')}</SubmitButton>
      </form>
    </div>
  );
}

function NewKey({ secret }: { secret: string }) {
  const t = useTranslations('settings');
  const [copied, setCopied] = useState(false);
  return (
    <Notice
      tone="good"
      title={t('yourNewKeyItIs')}
      action={
        <Button
          size="sm"
          onClick={() =>
            void navigator.clipboard?.writeText(secret).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          <Copy aria-hidden="true" /> {copied ? t('copied') : t('copy')}
        </Button>
      }
    >
      <code className="break-all font-mono">{secret}</code>
    </Notice>
  );
}
