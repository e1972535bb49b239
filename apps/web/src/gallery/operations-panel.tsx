'use client';

import type { BulkView } from '@pixgen/domain';
import { Button, IconButton, Progress } from '@pixgen/ui';
import { CircleAlert, Download, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState, useSyncExternalStore } from 'react';
import type { Words } from '@/language/messages';
import { type GalleryActs, isLive } from './use-gallery-acts';

const DISMISSED = 'pixgen-dismissed-operations';

/** Acts on many pictures while they work, downloads that are ready, and what went wrong. They are here again after a reload. */
export function OperationsPanel({ operations }: { operations: GalleryActs['operations'] }) {
  const t = useTranslations('gallery');
  const dismissed = useDismissed();
  const shown = operations.items.filter(
    (one) => !dismissed.ids.includes(one.id) && (isLive(one) || one.files.length > 0 || one.state === 'failed'),
  );
  if (shown.length === 0) return null;
  return (
    <ul aria-label={t('actsOnManyPictures')} className="grid w-full gap-2">
      {shown.map((operation) => (
        <li
          key={operation.id}
          className="grid gap-2 rounded-card border border-line bg-surface p-3 text-sm shadow-lift"
        >
          <Operation operation={operation} operations={operations} onDismiss={() => dismissed.add(operation.id)} />
        </li>
      ))}
    </ul>
  );
}

function Operation(props: { operation: BulkView; operations: GalleryActs['operations']; onDismiss: () => void }) {
  const t = useTranslations('gallery');
  const { operation, operations } = props;
  const { id, kind, done, total, files, skipped } = operation;
  if (isLive(operation)) {
    const text = t('progress', { done, total });
    return (
      <>
        <div className="flex items-center gap-3">
          <p className="min-w-0 flex-1">
            {t(`doing.${kind}`)} <span className="text-ink-2 tabular-nums">{text}</span>
          </p>
          <Button size="sm" variant="ghost" onClick={() => operations.cancel(id)}>
            {t('cancel')}
          </Button>
        </div>
        <Progress label={t(`doing.${kind}`)} value={total > 0 ? done / total : null} text={text} />
      </>
    );
  }
  return (
    <div className="flex items-start gap-3">
      {operation.state === 'failed' ? (
        <p role="alert" className="flex min-w-0 flex-1 gap-2 text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />{' '}
          {t('operationFailed', { code: String(operation.failureCode) })}
        </p>
      ) : (
        <div role="status" className="grid min-w-0 flex-1 gap-2">
          <p>
            {t('packed', { pictures: t('counted', { count: done - skipped }), files: files.length })}
            {skipped > 0 && t('couldNotBeFoundAny', { pictures: t('counted', { count: skipped }) })}
          </p>
          <p className="flex flex-wrap gap-2">
            {files.map((file, index) => (
              <Button key={file.name} size="sm" variant="primary" onClick={() => operations.fetchFile(id, index)}>
                <Download aria-hidden="true" />
                {files.length === 1 ? t('saveTheZip') : t('part2', { number: index + 1 })} ·{' '}
                {sayBytes(t, file.sizeBytes)}
              </Button>
            ))}
          </p>
        </div>
      )}
      <IconButton label={t('dismiss')} size="iconSm" onClick={props.onDismiss}>
        <X aria-hidden="true" />
      </IconButton>
    </div>
  );
}

function sayBytes(t: Words<'gallery'>, bytes: number): string {
  if (bytes < 1_000_000) return t('bytes.kB', { size: Math.max(1, Math.round(bytes / 1000)) });
  if (bytes < 1_000_000_000) return t('bytes.MB', { size: Math.round(bytes / 1_000_000) });
  return t('bytes.GB', { size: bytes / 1_000_000_000 });
}

/** Notes that were put aside stay aside, also after a reload. */
function useDismissed() {
  const stored = useSyncExternalStore(
    () => () => undefined,
    () => read(),
    () => '[]',
  );
  const [added, setAdded] = useState<readonly string[]>([]);
  const ids: string[] = [...JSON.parse(stored), ...added];
  return {
    ids,
    add(id: string) {
      setAdded((old) => [...old, id]);
      try {
        localStorage.setItem(DISMISSED, JSON.stringify([...ids, id].slice(-50)));
      } catch {}
    },
  };
}

function read(): string {
  try {
    const text = localStorage.getItem(DISMISSED) ?? '[]';
    return Array.isArray(JSON.parse(text)) ? text : '[]';
  } catch {
    return '[]';
  }
}
