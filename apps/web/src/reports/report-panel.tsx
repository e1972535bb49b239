'use client';

import { LIMITS, type ReportReason, type ReportReceived } from '@pixgen/domain';
import { Button, Facts, Field, Input, Notice, Select, Textarea } from '@pixgen/ui';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf, fieldError } from '@/trpc/failure';
import { REASON_WORDS, STATE_WORDS } from './words';

const REASONS = Object.keys(REASON_WORDS) as ReportReason[];

/** To report, and to see what became of a report. */
export function ReportPanel() {
  const [received, setReceived] = useState<ReportReceived | null>(null);
  return (
    <div className="grid gap-10">
      {received ? <Received report={received} /> : <ReportForm onReceived={setReceived} />}
      <ProgressForm />
    </div>
  );
}

function ReportForm({ onReceived }: { onReceived: (report: ReportReceived) => void }) {
  const trpc = useTRPC();
  const file = useMutation(trpc.reports.file.mutationOptions({ onSuccess: onReceived }));
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const contact = text('contact');
    const reason = REASONS.find((one) => one === text('reason')) ?? 'other';
    file.mutate({ what: text('what'), reason, words: text('words'), ...(contact && { contact }) });
  }
  const errorOf = (name: string) => fieldError(file.error, name);
  const isOfField = ['what', 'reason', 'words', 'contact'].some((name) => errorOf(name));
  return (
    <form onSubmit={submit} aria-label="Report a picture" className="grid gap-5">
      {file.error && !isOfField && <Notice tone="danger">{failureOf(file.error).message}</Notice>}
      <Field label="What" hint="The address of the picture, or where you saw it." error={errorOf('what')}>
        <Input name="what" required maxLength={LIMITS.report.what} autoComplete="off" />
      </Field>
      <Field label="Why" error={errorOf('reason')}>
        <Select name="reason" required defaultValue="without-consent">
          {REASONS.map((reason) => (
            <option key={reason} value={reason}>
              {REASON_WORDS[reason]}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="In your words" hint="Whatever helps to find it and to decide." error={errorOf('words')}>
        <Textarea name="words" rows={5} maxLength={LIMITS.report.words} />
      </Field>
      <Field
        label="Your e-mail, if you like"
        hint="For questions of the operator alone; it goes with the report."
        error={errorOf('contact')}
      >
        <Input name="contact" type="email" maxLength={LIMITS.email.max} autoComplete="email" />
      </Field>
      <Button type="submit" variant="primary" busy={file.isPending} className="justify-self-start">
        Send the report
      </Button>
    </form>
  );
}

function Received({ report }: { report: ReportReceived }) {
  return (
    <div role="status" className="grid gap-4">
      <p>
        Your report is here. A person decides by <Moment at={report.dueAt} />.
      </p>
      <Notice title="Your receipt code. Keep it: it alone shows what becomes of the report.">
        <code className="break-all font-mono">{report.code}</code>
      </Notice>
    </div>
  );
}

function ProgressForm() {
  const trpc = useTRPC();
  const progress = useMutation(trpc.reports.progress.mutationOptions());
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    progress.mutate({ code: String(new FormData(event.currentTarget).get('code') ?? '').trim() });
  }
  const found = progress.data;
  return (
    <section aria-label="What became of it" className="grid gap-4 border-line border-t pt-8">
      <h2 className="font-semibold text-lg tracking-[-0.01em]">You reported something already?</h2>
      <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
        <Field label="Receipt code" className="min-w-0 flex-1 basis-64">
          <Input name="code" required minLength={43} maxLength={43} autoComplete="off" className="font-mono" />
        </Field>
        <Button type="submit" busy={progress.isPending}>
          Show what became of it
        </Button>
      </form>
      {progress.error && <Notice tone="danger">{failureOf(progress.error).message}</Notice>}
      {found && (
        <div role="status">
          <Facts
            items={[
              ['State', STATE_WORDS[found.state]],
              ['Why', REASON_WORDS[found.reason]],
              ['Received', <Moment key="received" at={found.receivedAt} />],
              found.decidedAt
                ? ['Decided', <Moment key="decided" at={found.decidedAt} />]
                : ['Decided by', <Moment key="due" at={found.dueAt} />],
            ]}
          />
        </div>
      )}
    </section>
  );
}
