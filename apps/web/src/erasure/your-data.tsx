'use client';

import { ERASE_PHRASE } from '@pixgen/domain';
import { Button, Field, Input, LinkButton, Notice, SubmitButton } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type FormEvent, useState } from 'react';
import { signOut } from '@/account/sign-out';
import { Moment } from '@/jobs/time';
import { formatBytes } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf, fieldError } from '@/trpc/failure';
import { keepReceiptCode } from './receipt-code';

const MAKING_POLL_MS = 3_000;

/** A copy of everything, and the end of everything. */
export function YourData({ hasPassword }: { hasPassword: boolean }) {
  return (
    <div className="grid gap-6">
      <DataCopy />
      <EraseAccount hasPassword={hasPassword} />
    </div>
  );
}

function DataCopy() {
  const jobWords = useTranslations('jobs');
  const t = useTranslations('settings');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = trpc.account.dataExport.queryOptions();
  const copy = useQuery({
    ...query,
    refetchInterval: ({ state }) => (state.data?.dataExport?.state === 'making' ? MAKING_POLL_MS : false),
  });
  const ask = useMutation(
    trpc.account.exportData.mutationOptions({
      onSuccess: (answer) => queryClient.setQueryData(query.queryKey, answer),
    }),
  );
  const current = copy.data?.dataExport ?? null;
  return (
    <div className="grid justify-items-start gap-3">
      <p className="text-sm">{t('oneZipFileWithYour')}</p>
      {ask.error && <Notice tone="danger">{failureOf(ask.error).message}</Notice>}
      {current?.state === 'making' && (
        <p role="status" className="text-ink-2 text-sm">
          {t('yourCopyIsBeingMade')}
        </p>
      )}
      {current?.url && current.expiresAt && (
        <p className="text-ink-2 text-sm">
          {t.rich('readyUntil', {
            size: formatBytes(jobWords, current.sizeBytes ?? 0),
            at: () => <Moment at={current.expiresAt ?? ''} />,
          })}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        {current?.url && (
          <LinkButton href={current.url} variant="primary">
            <Download aria-hidden="true" /> {t('download')}
          </LinkButton>
        )}
        <Button busy={ask.isPending || current?.state === 'making'} onClick={() => ask.mutate()}>
          {t('makeACopyOfMy')}
        </Button>
      </div>
    </div>
  );
}

function EraseAccount({ hasPassword }: { hasPassword: boolean }) {
  const t = useTranslations('settings');
  const trpc = useTRPC();
  const [phrase, setPhrase] = useState('');
  const [password, setPassword] = useState('');
  const erase = useMutation(
    trpc.account.erase.mutationOptions({
      onSuccess: ({ code }) => {
        keepReceiptCode(code);
        void signOut('/erasure');
      },
    }),
  );
  // Whoever knows it in English may type that too.
  const wanted = t('erasePhrase');
  const isTyped = [wanted, ERASE_PHRASE].includes(phrase.trim().toLowerCase());
  function submit(event: FormEvent) {
    event.preventDefault();
    if (isTyped) erase.mutate({ confirmation: ERASE_PHRASE, ...(hasPassword && { password }) });
  }
  const passwordError = fieldError(erase.error, 'password');
  return (
    <form onSubmit={submit} aria-label={t('eraseTheAccount')} className="grid max-w-md justify-items-start gap-4">
      <div>
        <h3 className="font-medium">{t('eraseTheAccount')}</h3>
        <p className="text-ink-2 text-sm">{t('photosModelsPicturesAndEverything')}</p>
      </div>
      {erase.error && !passwordError && <Notice tone="danger">{failureOf(erase.error).message}</Notice>}
      <Field label={t('type', { phrase: wanted })} className="w-full">
        <Input value={phrase} onChange={(event) => setPhrase(event.target.value)} autoComplete="off" required />
      </Field>
      {hasPassword && (
        <Field label={t('yourPassword')} className="w-full" error={passwordError}>
          <Input
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            required
          />
        </Field>
      )}
      <SubmitButton variant="danger" busy={erase.isPending || erase.isSuccess} disabled={!isTyped}>
        {t('eraseMyAccount')}
      </SubmitButton>
    </form>
  );
}
