'use client';

import type { ErasureView } from '@pixgen/domain';
import { Button, Facts, Field, Input, Notice, Progress } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { Moment } from '@/jobs/time';
import { formatBytes } from '@/jobs/words';
import { useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { keepReceiptCode, readReceiptCode } from './receipt-code';

const POLL_MS = 1_500;

/** How far an erasure is, then its receipt. Works without an account: the code is all it needs. */
export function ErasureProgress() {
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
          <p>Your data is being erased. This goes on without you; you may close this page.</p>
          <Progress
            label="Erasing"
            value={view.stepsDone / view.steps}
            text={`step ${view.stepsDone} of ${view.steps}`}
          />
        </div>
      )}
      {view?.receipt && <Receipt view={view} receipt={view.receipt} />}
      {code !== null && (
        <Notice title="Your receipt code. Keep it to see this page again.">
          <code className="break-all font-mono">{code}</code>
        </Notice>
      )}
    </div>
  );
}

function CodeForm({ onCode }: { onCode: (code: string) => void }) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get('code');
    const code = typeof typed === 'string' ? typed.trim() : '';
    keepReceiptCode(code);
    onCode(code);
  }
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
      <Field label="Receipt code" className="min-w-0 flex-1 basis-64">
        <Input name="code" required minLength={43} maxLength={43} autoComplete="off" className="font-mono" />
      </Field>
      <Button type="submit">Show the receipt</Button>
    </form>
  );
}

const PROVIDER_WORDS = {
  none: 'no other account',
  erased: 'erased there too',
  left: 'not erased there: delete it in your profile at the sign-in service',
} as const;

function Receipt({ view, receipt }: { view: ErasureView; receipt: NonNullable<ErasureView['receipt']> }) {
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
    <section aria-label="Receipt" className="grid justify-items-start gap-4">
      <Facts
        items={[
          ['Erased', <Moment key="at" at={receipt.erasedAt} />],
          ['Searched once more', <Moment key="sweep" at={view.sweptAt ?? receipt.lastSweepAt} />],
          ['Photos', counts.photos],
          ['Models', counts.models],
          ['Pictures', counts.images],
          ['LoRA files', counts.weights],
          ['Files in all', `${counts.objects}, ${formatBytes(counts.objectBytes)}`],
          ['Sign-in service', PROVIDER_WORDS[receipt.identityProvider]],
          ['Kept without your name', receipt.kept.join(', ')],
        ]}
      />
      <Button onClick={save}>
        <Download aria-hidden="true" /> Save the receipt
      </Button>
    </section>
  );
}
