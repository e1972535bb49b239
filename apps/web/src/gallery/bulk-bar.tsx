'use client';

import { Button } from '@pixgen/ui';
import { Trash2, Undo2 } from 'lucide-react';

type Props = {
  count: number;
  trash: boolean;
  busy: boolean;
  onAll: () => void;
  onDelete: () => void;
  onRestore: () => void;
  onDone: () => void;
};

/** What can be done with the selected pictures. */
export function BulkBar(props: Props) {
  const none = props.count === 0;
  return (
    <div
      role="toolbar"
      aria-label="Selected pictures"
      className="fixed inset-x-3 bottom-20 z-30 mx-auto flex max-w-xl animate-rise flex-wrap items-center gap-2 rounded-card border border-line bg-surface p-2.5 shadow-lift lg:bottom-6"
    >
      <p role="status" className="px-2 text-sm tabular-nums">
        {props.count} selected
      </p>
      <Button size="sm" variant="ghost" onClick={props.onAll}>
        Select all shown
      </Button>
      <span className="ml-auto flex gap-2">
        {props.trash ? (
          <Button size="sm" variant="primary" disabled={none} busy={props.busy} onClick={props.onRestore}>
            <Undo2 aria-hidden="true" /> Restore
          </Button>
        ) : (
          <Button size="sm" variant="danger" disabled={none} busy={props.busy} onClick={props.onDelete}>
            <Trash2 aria-hidden="true" /> Delete
          </Button>
        )}
        <Button size="sm" onClick={props.onDone}>
          Done
        </Button>
      </span>
    </div>
  );
}
