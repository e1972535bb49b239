'use client';

import type { BulkView } from '@pixgen/domain';
import { Button, IconButton, Progress } from '@pixgen/ui';
import { CircleAlert, Download, X } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import { type GalleryActs, isLive, sayCount } from './use-gallery-acts';

const DOING: Record<BulkView['kind'], string> = {
  download: 'Packing',
  delete: 'Moving to the trash',
  restore: 'Bringing back',
  collect: 'Adding to the collection',
};
const DISMISSED = 'pixgen-dismissed-operations';

/** Acts on many pictures while they work, downloads that are ready, and what went wrong. They are here again after a reload. */
export function OperationsPanel({ operations }: { operations: GalleryActs['operations'] }) {
  const dismissed = useDismissed();
  const shown = operations.items.filter(
    (one) => !dismissed.ids.includes(one.id) && (isLive(one) || one.files.length > 0 || one.state === 'failed'),
  );
  if (shown.length === 0) return null;
  return (
    <ul aria-label="Acts on many pictures" className="grid w-full gap-2">
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
  const { operation, operations } = props;
  const { id, kind, done, total, files, skipped } = operation;
  if (isLive(operation)) {
    const text = `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
    return (
      <>
        <div className="flex items-center gap-3">
          <p className="min-w-0 flex-1">
            {DOING[kind]} <span className="text-ink-2 tabular-nums">{text}</span>
          </p>
          <Button size="sm" variant="ghost" onClick={() => operations.cancel(id)}>
            Cancel
          </Button>
        </div>
        <Progress label={DOING[kind]} value={total > 0 ? done / total : null} text={text} />
      </>
    );
  }
  return (
    <div className="flex items-start gap-3">
      {operation.state === 'failed' ? (
        <p role="alert" className="flex min-w-0 flex-1 gap-2 text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" /> {operation.failure}
        </p>
      ) : (
        <div role="status" className="grid min-w-0 flex-1 gap-2">
          <p>
            {sayCount(done - skipped)} packed. The {files.length === 1 ? 'file is' : 'files are'} kept for a day.
            {skipped > 0 && ` ${sayCount(skipped)} could not be found any more.`}
          </p>
          <p className="flex flex-wrap gap-2">
            {files.map((file, index) => (
              <Button key={file.name} size="sm" variant="primary" onClick={() => operations.fetchFile(id, index)}>
                <Download aria-hidden="true" />
                {files.length === 1 ? 'Save the zip' : `Part ${index + 1}`} · {sayBytes(file.sizeBytes)}
              </Button>
            ))}
          </p>
        </div>
      )}
      <IconButton label="Dismiss" size="iconSm" onClick={props.onDismiss}>
        <X aria-hidden="true" />
      </IconButton>
    </div>
  );
}

function sayBytes(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} kB`;
  return bytes < 1_000_000_000 ? `${Math.round(bytes / 1_000_000)} MB` : `${(bytes / 1_000_000_000).toFixed(1)} GB`;
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
