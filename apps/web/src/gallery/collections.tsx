'use client';

import type { CollectionView } from '@pixgen/domain';
import { Button, Notice } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { FolderOpen, Pencil, Trash2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { NameForm } from './name-form';

/** The collection one looks at: its name, and what can be done with it. Its pictures stay whatever happens to it. */
export function Collections(props: { id: string; items: readonly CollectionView[]; onGone: () => void }) {
  const t = useTranslations('gallery');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [renaming, setRenaming] = useState(false);
  const [deleted, setDeleted] = useState<CollectionView | null>(null);
  const again = { onSuccess: () => queryClient.invalidateQueries(trpc.collections.list.pathFilter()) };
  const rename = useMutation(trpc.collections.rename.mutationOptions(again));
  const remove = useMutation(trpc.collections.delete.mutationOptions(again));
  const restore = useMutation(trpc.collections.restore.mutationOptions(again));
  const error = rename.error ?? remove.error ?? restore.error;
  const collection = props.items.find(({ id }) => id === props.id);
  if (deleted) {
    return (
      <Notice
        action={
          <>
            <Button
              size="sm"
              busy={restore.isPending}
              onClick={() => restore.mutate({ id: deleted.id }, { onSuccess: () => setDeleted(null) })}
            >
              {t('undo')}
            </Button>
            <Button size="sm" variant="ghost" onClick={props.onGone}>
              {t('showAllPictures')}
            </Button>
          </>
        }
      >
        {t('theCollectionIsDeletedIts', { name: deleted.name })}
      </Notice>
    );
  }
  if (!collection) return null;
  return (
    <div className="flex flex-wrap items-center gap-3">
      <h2 className="flex items-center gap-2 font-semibold text-lg tracking-[-0.01em]">
        <FolderOpen aria-hidden="true" className="size-5 text-accent" /> {collection.name}
      </h2>
      {renaming ? (
        <NameForm
          label={t('nameOfTheCollection')}
          action={t('rename')}
          start={collection.name}
          busy={rename.isPending}
          onName={(name) => rename.mutate({ id: collection.id, name }, { onSuccess: () => setRenaming(false) })}
          onCancel={() => setRenaming(false)}
        />
      ) : (
        <Button size="sm" variant="ghost" onClick={() => setRenaming(true)}>
          <Pencil aria-hidden="true" /> {t('rename')}
        </Button>
      )}
      <Button
        size="sm"
        variant="quietDanger"
        busy={remove.isPending}
        onClick={() => remove.mutate({ id: collection.id }, { onSuccess: () => setDeleted(collection) })}
      >
        <Trash2 aria-hidden="true" /> {t('deleteTheCollection')}
      </Button>
      {error && <Notice tone="danger">{failureOf(error).message}</Notice>}
    </div>
  );
}
