'use client';

import type { ErasureView } from '@pixgen/domain';
import { Button, Facts, Field, Input, Notice, Progress, SubmitButton } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type FormEvent, useEffect, useState } from 'react';
import { Moment } from '@/jobs/time';
import { formatBytes } from '@/jobs/words';
import { useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { keepReceiptCode, readReceiptCode } from './receipt-code';

/** What a receipt names in the words of its format, which are English. */
const KEPT = { ledger: 'ledger', consents: 'consents', 'audit log': 'auditLog' } as const;
const POLL_MS = 1_500;

/** How far an erasure is, then its receipt. Works without an account: the code is all it needs. */
export function ErasureProgress() {
  const t = useTranslations('erasure');
  const client = useTRPCClient();
  const [code, setCode] = useState<string | null>(null);
  useEffect(() => setCode(readReceiptCode()), []);
  const erasure = useQuery({
    queryKey: ['erasure', code],
    queryFn: () => client.account.erasure.mutate({ code: code ?? '' }),
    enabled: code !== null,
    refetchInterval: ({ state }) => (state.data?.state === 'erasing' ? POLL_MS : false),
  });
  const view = erasure.data;
  return (
    <div className="grid gap-6">
      {code === null && <CodeForm onCode={setCode} />}
      {erasure.error && (
        <>
          <Notice tone="danger">{failureOf(erasure.error).message}</Notice>
          <CodeForm onCode={setCode} />
        </>
      )}
      {code !== null && view?.state === 'erasing' && (
        <div role="status" className="grid gap-3">
          <p>{t('yourDataIsBeingErased')}</p>
          <Progress
            label={t('erasing')}
            value={view.stepsDone / view.steps}
            text={t('stepOf', { stepsDone: view.stepsDone, steps: view.steps })}
          />
        </div>
      )}
      {view?.receipt && <Receipt view={view} receipt={view.receipt} />}
      {code !== null && (
        <Notice title={t('yourReceiptCodeKeepIt')}>
          <code className="break-all font-mono">{code}</code>
        </Notice>
      )}
    </div>
  );
}

function CodeForm({ onCode }: { onCode: (code: string) => void }) {
  const t = useTranslations('erasure');
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get('code');
    const code = typeof typed === 'string' ? typed.trim() : '';
    keepReceiptCode(code);
    onCode(code);
  }
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
      <Field label={t('receiptCode')} className="min-w-0 flex-1 basis-64">
        <Input name="code" required minLength={43} maxLength={43} autoComplete="off" className="font-mono" />
      </Field>
      <SubmitButton>{t('showTheReceipt')}</SubmitButton>
    </form>
  );
}

function Receipt({ view, receipt }: { view: ErasureView; receipt: NonNullable<ErasureView['receipt']> }) {
  const jobWords = useTranslations('jobs');
  const t = useTranslations('erasure');
  const { counts } = receipt;
  function save() {
    const file = new Blob([JSON.stringify({ receipt, receiptSha256: view.receiptSha256 }, null, 2)], {
      type: 'application/json',
    });
    const url = URL.createObjectURL(file);
    const link = Object.assign(document.createElement('a'), {
      href: url,
      download: `pixgen-receipt-${receipt.id}.json`,
    });
    link.click();
    URL.revokeObjectURL(url);
  }
  return (
    <section aria-label={t('receipt')} className="grid justify-items-start gap-4">
      <Facts
        items={[
          [t('erased'), <Moment key="at" at={receipt.erasedAt} />],
          [t('searchedOnceMore'), <Moment key="sweep" at={view.sweptAt ?? receipt.lastSweepAt} />],
          [t('photos'), counts.photos],
          [t('models'), counts.models],
          [t('pictures'), counts.images],
          [t('loraFiles'), counts.weights],
          [t('filesInAll'), `${counts.objects}, ${formatBytes(jobWords, counts.objectBytes)}`],
          [t('signInService'), t(`provider.${receipt.identityProvider}`)],
          [t('keptWithoutYourName'), receipt.kept.map((part) => t(`kept.${KEPT[part]}`)).join(', ')],
        ]}
      />
      <Button onClick={save}>
        <Download aria-hidden="true" /> {t('saveTheReceipt')}
      </Button>
    </section>
  );
}
