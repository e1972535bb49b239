'use client';

import { cn, LinkButton, Notice } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { type ReactNode, useEffect } from 'react';
import { DOCUMENT, INTERACTIVE } from './address';
import type { Group, Reference } from './document';
import { Code, MethodName, OperationPart } from './operation-part';

/** `[404, ['NOT_FOUND']]`, in the order of the status. */
export type CodesByStatus = readonly (readonly [status: number, codes: readonly string[]])[];

/**
 * Everything that the API does, by subject, with what every call has in common before it. It is an island for the sake of
 * browsers without scripts: what server components say comes in pieces of a few kilobytes, which only a script puts into
 * their places, while an island is drawn whole.
 */
export function ReferencePages(props: {
  reference: Reference;
  address: string | null;
  /** What to type before anything else. */
  first: string;
  codes: CodesByStatus;
}) {
  const { reference, address, first, codes } = props;
  useNamedPlace();
  const t = useTranslations('apiReference');
  return (
    <div className="grid gap-x-12 gap-y-10 lg:grid-cols-[16rem_minmax(0,1fr)]">
      <Contents groups={reference.groups} />
      <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-16">
        <Start first={first} address={address} />
        <Habits errorType={reference.errorType} codes={codes} />
        {reference.groups.map(({ tag, text, operations }) => (
          <section key={tag} id={tag} aria-labelledby={`${tag}-title`} className="scroll-mt-6">
            <h2 id={`${tag}-title`} lang="en" className="font-semibold text-2xl capitalize tracking-[-0.022em]">
              {tag}
            </h2>
            {text && (
              <p lang="en" className="mt-1 max-w-[60ch] text-ink-2">
                {text}
              </p>
            )}
            <div className="mt-6 grid grid-cols-[minmax(0,1fr)] divide-y divide-line border-line border-t">
              {operations.map((operation) => (
                <OperationPart key={operation.id} operation={operation} />
              ))}
            </div>
          </section>
        ))}
        <p className="text-ink-2 text-sm">{t('version', { version: reference.version })}</p>
      </div>
    </div>
  );
}

/** With scripts the page comes hidden and is shown when it is whole: after the browser has looked for what `#` names. */
function useNamedPlace() {
  useEffect(() => {
    // Whoever reloads the page or comes back to it is led to where they were.
    if (window.scrollY === 0) document.getElementById(window.location.hash.slice(1))?.scrollIntoView();
  }, []);
}

/** What is on the page. On a phone the subjects alone: the way to each call leads through them. */
function Contents({ groups }: { groups: readonly Group[] }) {
  const t = useTranslations('apiReference');
  const link = 'block rounded-control py-1 hover:text-accent';
  return (
    <nav
      aria-label={t('contents')}
      className="text-sm lg:sticky lg:top-0 lg:-ml-2 lg:max-h-dvh lg:self-start lg:overflow-y-auto lg:px-2 lg:py-6"
    >
      <ul className="flex flex-wrap gap-x-5 gap-y-1 lg:grid lg:grid-cols-[minmax(0,1fr)] lg:gap-4">
        <li>
          <a href="#start" className={cn(link, 'font-medium')}>
            {t('firstCall')}
          </a>
          <a href="#habits" className={cn(link, 'font-medium max-lg:hidden')}>
            {t('whatAllCallsShare')}
          </a>
        </li>
        {groups.map(({ tag, operations }) => (
          <li key={tag}>
            <a href={`#${tag}`} lang="en" className={cn(link, 'font-medium capitalize')}>
              {tag}
            </a>
            <ul className="max-lg:hidden">
              {operations.map(({ id, method, path }) => (
                <li key={id}>
                  <a href={`#${id}`} className={cn(link, 'flex gap-2 py-0.5 text-ink-2 text-xs')}>
                    <MethodName method={method} className="w-12 shrink-0" />
                    <span className="min-w-0 font-mono [overflow-wrap:anywhere]">
                      {path.replace(/^\/api\/v\d+/, '')}
                    </span>
                  </a>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Start({ first, address }: { first: string; address: string | null }) {
  const t = useTranslations('apiReference');
  return (
    <section id="start" aria-labelledby="start-title" className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <h1
        id="start-title"
        className="font-semibold text-[1.75rem] leading-tight tracking-[-0.022em] sm:text-[2.125rem]"
      >
        {t('title')}
      </h1>
      <p className="max-w-[60ch] text-ink-2">{t('everythingTheStudioDoes')}</p>
      {address === null && (
        <Notice tone="warn" title={t('addressUnknown.title')}>
          {t.rich('addressUnknown.text', { name: () => <code className="font-mono">API_PUBLIC_URL</code> })}
        </Notice>
      )}
      <p className="max-w-[60ch]">
        {t.rich('makeAKey', { link: (words) => <TextLink href="/settings">{words}</TextLink> })}
      </p>
      <Code label={t('firstCall')}>{first}</Code>
      {address !== null && (
        <div className="flex flex-wrap gap-2">
          <LinkButton href={address + INTERACTIVE}>{t('tryItInTheBrowser')}</LinkButton>
          <LinkButton href={address + DOCUMENT} variant="ghost">
            {t('openApiDocument')}
          </LinkButton>
        </div>
      )}
    </section>
  );
}

function Habits({ errorType, codes }: { errorType: string | null; codes: CodesByStatus }) {
  const t = useTranslations('apiReference');
  const rich = { code: (words: ReactNode) => <code className="break-words font-mono text-sm">{words}</code> };
  return (
    <section id="habits" aria-labelledby="habits-title" className="grid scroll-mt-6 grid-cols-[minmax(0,1fr)] gap-6">
      <h2 id="habits-title" className="font-semibold text-2xl tracking-[-0.022em]">
        {t('whatAllCallsShare')}
      </h2>
      <Habit id="authentication" title={t('authentication.title')}>
        <p>{t.rich('authentication.text', rich)}</p>
        <p>{t('authentication.exceptions')}</p>
      </Habit>
      <Habit id="idempotency" title={t('idempotency.title')}>
        <p>{t.rich('idempotency.text', rich)}</p>
        <p>{t.rich('idempotency.repeated', rich)}</p>
      </Habit>
      <Habit id="paging" title={t('paging.title')}>
        <p>{t.rich('paging.text', rich)}</p>
      </Habit>
      <Habit id="values" title={t('values.title')}>
        <p>{t.rich('values.text', rich)}</p>
      </Habit>
      <Habit id="errors" title={t('errors.title')}>
        <p>{t.rich('errors.text', rich)}</p>
        <p>{t.rich('errors.again', rich)}</p>
        {errorType && (
          <Code label={t('errors.title')}>{errorType.replace(/code: ("[A-Z_]+"( \| )?)+/, 'code: string')}</Code>
        )}
        <dl className="grid gap-x-6 text-sm sm:grid-cols-[max-content_minmax(0,1fr)]">
          {codes.map(([status, names]) => (
            <div key={status} className="grid border-line border-t py-2 sm:col-span-2 sm:grid-cols-subgrid">
              <dt className="font-medium tabular-nums">{status}</dt>
              <dd className="flex flex-wrap gap-x-4 gap-y-0.5 font-mono text-ink-2 text-xs leading-5">
                {names.map((name) => (
                  <span key={name}>{name}</span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </Habit>
    </section>
  );
}

function Habit({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section
      id={id}
      aria-label={title}
      className="grid scroll-mt-6 grid-cols-[minmax(0,1fr)] gap-3 [&>p]:max-w-[60ch] [&>p]:text-ink-2"
    >
      <h3 className="font-semibold text-lg tracking-[-0.01em]">{title}</h3>
      {children}
    </section>
  );
}

function TextLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} className="text-accent underline underline-offset-4">
      {children}
    </Link>
  );
}
