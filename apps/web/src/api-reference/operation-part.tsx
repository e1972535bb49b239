import { Badge, cn } from '@pixgen/ui';
import { useFormatter, useTranslations } from 'next-intl';
import type { Operation } from './document';
import type { Bound, Field, Place } from './fields';

/** One call: what it takes on the one side, what to send and what comes back on the other. */
export function OperationPart({ operation }: { operation: Operation }) {
  const t = useTranslations('apiReference');
  const { id, method, path, summary, caller, fields, answers, example } = operation;
  return (
    <article id={id} aria-labelledby={`${id}-title`} className="grid scroll-mt-2 grid-cols-[minmax(0,1fr)] gap-5 py-8">
      <header className="grid gap-1.5">
        <h3 id={`${id}-title`} className="flex flex-wrap items-baseline gap-x-3 font-mono text-[0.9375rem]">
          <MethodName method={method} /> <span className="min-w-0 break-words font-medium">{path}</span>
        </h3>
        <p lang="en" className="max-w-[60ch]">
          {summary}
        </p>
        {caller !== 'key' && (
          <p>
            <Badge tone={caller === 'session' ? 'warn' : 'neutral'} className="whitespace-normal">
              {t(`callers.${caller}`)}
            </Badge>
          </p>
        )}
      </header>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-x-8 gap-y-5 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        {fields.length > 0 ? <Fields fields={fields} /> : <p className="text-ink-2 text-sm">{t('takesNothing')}</p>}
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-3">
          {example && <Code label={t('exampleOf', { call: `${method} ${path}` })}>{example}</Code>}
          <ul aria-label={t('answersOf', { call: `${method} ${path}` })} className="grid gap-1 text-sm">
            {answers.map(({ status, text, type }) => (
              <li key={status}>
                {type?.includes('\n') ? (
                  <details className="group">
                    <summary className="cursor-pointer rounded-control py-0.5 hover:text-accent">
                      <AnswerLine status={status} text={text} />
                    </summary>
                    <pre className={cn(CODE, 'mt-1 mb-2 text-xs')}>{type}</pre>
                  </details>
                ) : (
                  <p className="py-0.5 pl-4">
                    <AnswerLine status={status} text={text} />
                    {type && (
                      <a href="#errors" className="ml-2 font-mono text-accent text-xs">
                        {type}
                      </a>
                    )}
                  </p>
                )}
              </li>
            ))}
          </ul>
        </div>
      </div>
    </article>
  );
}

function AnswerLine({ status, text }: { status: string; text: string }) {
  const t = useTranslations('apiReference');
  return (
    <>
      <span className="font-medium tabular-nums">{status === 'default' ? t('otherwise') : status}</span>{' '}
      <span lang="en" className="text-ink-2">
        {text}
      </span>
    </>
  );
}

const PLACES = ['path', 'query', 'header', 'body'] as const satisfies readonly Place[];

function Fields({ fields }: { fields: readonly Field[] }) {
  const t = useTranslations('apiReference');
  const filled = PLACES.filter((place) => fields.some((field) => field.place === place));
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5 text-sm">
      {filled.map((place) => (
        <section key={place} className="grid grid-cols-[minmax(0,1fr)] gap-2">
          <h4 className="text-ink-2 text-xs">{t(`places.${place}`)}</h4>
          <dl className="divide-y divide-line">
            {fields
              .filter((field) => field.place === place)
              .map((field) => (
                <FieldRow key={field.name} field={field} />
              ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

function FieldRow({ field: { name, type, required, bounds, text } }: { field: Field }) {
  const t = useTranslations('apiReference');
  return (
    <div className="grid gap-1 py-2 first:pt-0 last:pb-0">
      <dt className="flex flex-wrap items-baseline gap-x-2.5">
        <span className="min-w-0 break-words font-medium font-mono">{name}</span>
        {required && <span className="text-warn text-xs">{t('required')}</span>}
      </dt>
      <dd className="grid min-w-0 gap-1 text-ink-2">
        <div className="flex flex-wrap gap-x-4 gap-y-0.5 text-xs leading-5">
          <code className="min-w-0 whitespace-pre-wrap break-words font-mono">{type}</code>
          {bounds.map((bound) => (
            <span key={bound.kind} className="min-w-0 [overflow-wrap:anywhere]">
              <BoundWords bound={bound} />
            </span>
          ))}
        </div>
        {text && (
          <p lang="en" className="max-w-[60ch]">
            {text}
          </p>
        )}
      </dd>
    </div>
  );
}

function BoundWords({ bound }: { bound: Bound }) {
  const t = useTranslations('apiReference');
  const format = useFormatter();
  // A rate may be as small as 0.000001.
  const written = (number: number) => format.number(number, { maximumFractionDigits: 9 });
  const rich = { value: () => <code className="font-mono">{'text' in bound ? bound.text : ''}</code> };
  switch (bound.kind) {
    case 'step':
      return t('bounds.step', { of: written(bound.of) });
    case 'pattern':
      return t.rich('bounds.pattern', rich);
    case 'default':
      return t.rich('bounds.default', rich);
    default: {
      const { kind, min, max } = bound;
      if (min !== null && max !== null) return t(`bounds.${kind}.between`, { min: written(min), max: written(max) });
      // The plural rules of the language want the number, and write it as the language does.
      return min === null ? t(`bounds.${kind}.atMost`, { max: max ?? 0 }) : t(`bounds.${kind}.atLeast`, { min });
    }
  }
}

const METHOD_TONES: Readonly<Record<string, string>> = {
  POST: 'text-accent',
  PATCH: 'text-accent',
  DELETE: 'text-danger',
};

export function MethodName({ method, className }: { method: string; className?: string }) {
  return <span className={cn('font-medium font-mono', METHOD_TONES[method] ?? 'text-ink-2', className)}>{method}</span>;
}

const CODE =
  'overflow-hidden whitespace-pre-wrap rounded-control bg-sunken px-4 py-3 font-mono leading-relaxed [overflow-wrap:anywhere]';

/** One click takes all of it. */
export function Code({ label, children }: { label: string; children: string }) {
  return (
    <figure aria-label={label} className="min-w-0">
      <pre className={cn(CODE, 'select-all text-xs')}>{children}</pre>
    </figure>
  );
}
