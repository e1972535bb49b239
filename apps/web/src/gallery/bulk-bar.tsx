'use client';

import { Button, cn, IconButton, Select } from '@pixgen/ui';
import { Columns2, Download, FolderMinus, Trash2, Undo2, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { NameForm } from './name-form';

type Props = {
  count: number;
  total: number;
  trash: boolean;
  collections: readonly { id: string; name: string }[];
  onAll: () => void;
  onDelete: () => void;
  onRestore: () => void;
  onDownload: () => void;
  /** Null: two pictures are needed. */
  onCompare: (() => void) | null;
  onCollect: (collection: { id: string } | { name: string }) => void;
  /** Null: one looks at no collection. */
  onTakeOut: (() => void) | null;
  onDone: () => void;
};

/** What can be done with the selected pictures. */
export function BulkBar(props: Props) {
  const t = useTranslations('gallery');
  const none = props.count === 0;
  const [naming, setNaming] = useState(false);
  return (
    <div
      role="toolbar"
      aria-label={t('selectedPictures')}
      className="flex w-full flex-wrap items-center gap-2 rounded-card border border-line bg-surface p-2.5 shadow-lift"
    >
      <IconButton label={t('stopSelecting')} size="iconSm" onClick={props.onDone}>
        <X aria-hidden="true" />
      </IconButton>
      <p role="status" className="text-sm tabular-nums">
        {t('selected', { count: props.count })}
      </p>
      {props.count < props.total && (
        <Button size="sm" variant="ghost" onClick={props.onAll}>
          {t('selectAll', { total: props.total })}
        </Button>
      )}
      <span className={cn('ml-auto flex flex-wrap gap-2', none && 'pointer-events-none opacity-55')}>
        {naming ? (
          <NameForm
            label={t('nameOfTheCollection')}
            action={t('addToIt')}
            onName={(name) => {
              setNaming(false);
              props.onCollect({ name });
            }}
            onCancel={() => setNaming(false)}
          />
        ) : props.trash ? (
          <Button size="sm" variant="primary" disabled={none} onClick={props.onRestore}>
            <Undo2 aria-hidden="true" /> {t('restore')}
          </Button>
        ) : (
          <>
            <Button size="sm" disabled={!props.onCompare} onClick={() => props.onCompare?.()}>
              <Columns2 aria-hidden="true" /> {t('compare')}
            </Button>
            <Select
              aria-label={t('addToACollection')}
              value=""
              disabled={none}
              onChange={({ target: { value } }) => (value === 'new' ? setNaming(true) : props.onCollect({ id: value }))}
              className="w-36 [&_select]:h-8"
            >
              <option value="">{t('collect')}</option>
              {props.collections.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
              <option value="new">{t('newCollection')}</option>
            </Select>
            {props.onTakeOut && (
              <Button size="sm" disabled={none} onClick={props.onTakeOut}>
                <FolderMinus aria-hidden="true" /> {t('takeOut')}
              </Button>
            )}
            <Button size="sm" disabled={none} onClick={props.onDownload}>
              <Download aria-hidden="true" /> {t('download')}
            </Button>
            <Button size="sm" variant="danger" disabled={none} onClick={props.onDelete}>
              <Trash2 aria-hidden="true" /> {t('delete')}
            </Button>
          </>
        )}
      </span>
    </div>
  );
}
