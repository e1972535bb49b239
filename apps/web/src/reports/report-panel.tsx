'use client';

import { LIMITS, type ReportReason, type ReportReceived } from '@pixgen/domain';
import { Facts, Field, Input, Notice, Select, SubmitButton, Textarea } from '@pixgen/ui';
import { useMutation } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type FormEvent, useState } from 'react';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf, fieldError } from '@/trpc/failure';

/** Spelled out: the schema that knows them would bring all of zod into the page. */
const REASONS = Object.keys({
  'without-consent': true,
  minor: true,
  sexual: true,
  illegal: true,
  other: true,
} satisfies Record<ReportReason, true>) as ReportReason[];

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
  const t = useTranslations('reports');
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
    <form onSubmit={submit} aria-label={t('reportAPicture')} className="grid gap-5">
      {file.error && !isOfField && <Notice tone="danger">{failureOf(file.error).message}</Notice>}
      <Field label={t('what')} hint={t('theAddressOfThePicture')} error={errorOf('what')}>
        <Input name="what" required maxLength={LIMITS.report.what} autoComplete="off" />
      </Field>
      <Field label={t('why')} error={errorOf('reason')}>
        <Select name="reason" required defaultValue="without-consent">
          {REASONS.map((reason) => (
            <option key={reason} value={reason}>
              {t(`reason.${reason}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t('inYourWords')} hint={t('whateverHelps')} error={errorOf('words')}>
        <Textarea name="words" rows={5} maxLength={LIMITS.report.words} />
      </Field>
      <Field label={t('yourEMail')} hint={t('forQuestionsOfTheOperator')} error={errorOf('contact')}>
        <Input name="contact" type="email" maxLength={LIMITS.email.max} autoComplete="email" />
      </Field>
      <SubmitButton variant="primary" busy={file.isPending} className="justify-self-start">
        {t('sendTheReport')}
      </SubmitButton>
    </form>
  );
}

function Received({ report }: { report: ReportReceived }) {
  const t = useTranslations('reports');
  return (
    <div role="status" className="grid gap-4">
      <p>{t.rich('yourReportIsHere', { at: () => <Moment at={report.dueAt} /> })}</p>
      <Notice title={t('yourReceiptCode')}>
        <code className="break-all font-mono">{report.code}</code>
      </Notice>
    </div>
  );
}

function ProgressForm() {
  const t = useTranslations('reports');
  const trpc = useTRPC();
  const progress = useMutation(trpc.reports.progress.mutationOptions());
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    progress.mutate({ code: String(new FormData(event.currentTarget).get('code') ?? '').trim() });
  }
  const found = progress.data;
  return (
    <section aria-label={t('whatBecameOfIt')} className="grid gap-4 border-line border-t pt-8">
      <h2 className="font-semibold text-lg tracking-[-0.01em]">{t('youReportedAlready')}</h2>
      <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
        <Field label={t('receiptCode')} className="min-w-0 flex-1 basis-64">
          <Input name="code" required minLength={43} maxLength={43} autoComplete="off" className="font-mono" />
        </Field>
        <SubmitButton busy={progress.isPending}>{t('showWhatBecameOfIt')}</SubmitButton>
      </form>
      {progress.error && <Notice tone="danger">{failureOf(progress.error).message}</Notice>}
      {found && (
        <div role="status">
          <Facts
            items={[
              [t('theState'), t(`state.${found.state}`)],
              [t('why'), t(`reason.${found.reason}`)],
              [t('received'), <Moment key="received" at={found.receivedAt} />],
              found.decidedAt
                ? [t('decided'), <Moment key="decided" at={found.decidedAt} />]
                : [t('decidedBy'), <Moment key="due" at={found.dueAt} />],
            ]}
          />
        </div>
      )}
    </section>
  );
}
