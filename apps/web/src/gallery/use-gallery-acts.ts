'use client';

import { type BulkView, type ImageFilterInput, LIMITS } from '@pixgen/domain';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useCallback, useRef, useState } from 'react';
import { randomKey } from '@/jobs/intent-key';
import type { Words } from '@/language/messages';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import type { GalleryFilters } from './filters';
import { filterInput } from './filters';
import { countSelected, isSelected, type Selection, toInput } from './selection';
import { type Shelf, withBack, without } from './shelf';
import type { ShelfState } from './use-shelf';

/** Something that can be taken back, in words, newest last. */
type Undo = { text: string; run: () => Promise<void> };
const MAX_UNDO = 20;

type Mark = { favourite: boolean } | { rating: number | null };

/**
 * What can be done with the pictures of a shelf. Each act shows at once, is taken back when the server refuses it, and can
 * be undone.
 */
export function useGalleryActs(state: ShelfState, filters: GalleryFilters) {
  const t = useTranslations('gallery');
  const { details, change, restart } = state;
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [undos, setUndos] = useState<readonly Undo[]>([]);
  const [error, setError] = useState<string | null>(null);
  const [undoing, setUndoing] = useState(false);
  const trash = filters.show === 'trash';

  const refuse = useCallback((failure: unknown) => setError(failureOf(failure).message), []);
  const remember = useCallback((undo: Undo) => setUndos((old) => [...old, undo].slice(-MAX_UNDO)), []);
  const forget = useCallback((undo: Undo) => setUndos((old) => old.filter((one) => one !== undo)), []);
  /** Other screens show these pictures too; this one knows already. */
  const stale = useCallback(() => {
    for (const part of [trpc.images.list, trpc.images.get, trpc.images.count, trpc.generation, trpc.collections])
      void queryClient.invalidateQueries(part.pathFilter());
  }, [queryClient, trpc]);

  const marksSent = useRef<Promise<unknown>>(Promise.resolve());
  const mark = useCallback(
    async (id: string, to: Mark, remembered = true): Promise<void> => {
      const image = details.get(id);
      if (!image) return;
      const from: Mark = 'rating' in to ? { rating: image.rating } : { favourite: image.favourite };
      details.patch(id, to);
      setError(null);
      const undo: Undo = { text: sayMark(t, to), run: () => mark(id, from, false) };
      if (remembered) remember(undo);
      try {
        const send = () =>
          'rating' in to ? client.images.rate.mutate({ id, ...to }) : client.images.favourite.mutate({ id, ...to });
        // One after the other: a mark and its undo must not overtake each other on the way.
        const sent = marksSent.current.then(send);
        marksSent.current = sent.catch(() => undefined);
        await sent;
        stale();
      } catch (failure) {
        details.patch(id, from);
        forget(undo);
        refuse(failure);
      }
    },
    [t, client, details, forget, refuse, remember, stale],
  );

  const operations = useOperations(restart, refuse);

  /** Takes pictures out of sight, and the others do not move. @returns what puts them back */
  const hide = useCallback(
    (shelf: Shelf, ids: ReadonlySet<string>) => {
      const frames = shelf.frames.filter(([id]) => ids.has(id));
      const changed = (next: Shelf): Shelf => ({ ...next, changedAtMs: Date.now() });
      change((old) => changed(without(old, ids)));
      return () => change((old) => changed(withBack(old, frames)));
    },
    [change],
  );

  const removeOne = useCallback(
    async (shelf: Shelf, id: string): Promise<void> => {
      const putBack = hide(shelf, new Set([id]));
      const ids = [id];
      setError(null);
      const sent = trash ? client.images.restore.mutate({ ids }) : client.images.delete.mutate({ ids });
      const undo: Undo = {
        text: trash ? t('pictureBroughtBack') : t('pictureMovedToTheTrash'),
        run: async () => {
          // Undo can be asked for before the server has answered, and must not overtake what it undoes.
          const isDone = await sent.then(
            () => true,
            () => false,
          );
          if (!isDone) return;
          if (trash) await client.images.delete.mutate({ ids });
          else await client.images.restore.mutate({ ids });
          putBack();
          stale();
        },
      };
      remember(undo);
      try {
        await sent;
        stale();
      } catch (failure) {
        putBack();
        forget(undo);
        refuse(failure);
      }
    },
    [t, client, forget, hide, refuse, remember, stale, trash],
  );

  const bulk = useCallback(
    async (kind: BulkView['kind'], shelf: Shelf, selection: Selection, collectionId?: string): Promise<boolean> => {
      const chosen = toInput(selection, filterInput(filters), shelf.readAt);
      if (!chosen) {
        setError(t('tooMany'));
        return false;
      }
      setError(null);
      const leaves = kind === 'delete' || (kind === 'restore' && trash);
      const ids = new Set(shelf.frames.flatMap(([id]) => (isSelected(selection, id) ? [id] : [])));
      const total = countSelected(selection, shelf.total);
      const putBack = leaves ? hide(shelf, ids) : () => undefined;
      if (leaves && selection.all) change((old) => ({ ...old, cursor: null, total: old.frames.length }));
      try {
        const started = await client.bulk.start.mutate({
          kind,
          selection: chosen,
          ...(collectionId && { collectionId }),
          idempotencyKey: randomKey(),
        });
        operations.follow(started);
        if (kind === 'delete') {
          const run = async () => {
            operations.follow(await client.bulk.undo.mutate({ id: started.id, idempotencyKey: `undo:${started.id}` }));
            if (selection.all) await restart();
            else putBack();
          };
          remember({ text: t('movedToTheTrash', { pictures: t('counted', { count: total }) }), run });
        }
        return true;
      } catch (failure) {
        if (selection.all) await restart();
        else putBack();
        refuse(failure);
        return false;
      }
    },
    [t, change, client, filters, hide, operations, refuse, remember, restart, trash],
  );

  /** Into a collection that is there, or into a new one. */
  const collect = useCallback(
    async (shelf: Shelf, selection: Selection, into: { id: string } | { name: string }): Promise<boolean> => {
      try {
        const { id } = 'id' in into ? into : await client.collections.create.mutate(into);
        return await bulk('collect', shelf, selection, id);
      } catch (failure) {
        refuse(failure);
        return false;
      } finally {
        stale();
      }
    },
    [bulk, client, refuse, stale],
  );

  /** Out of the collection one looks at; the pictures themselves stay. */
  const takeOut = useCallback(
    async (shelf: Shelf, selection: Selection, collectionId: string): Promise<boolean> => {
      setError(null);
      let putBack = () => {};
      try {
        const ids = selection.all
          ? (await readAll(client, filterInput(filters))).filter((id) => isSelected(selection, id))
          : [...selection.ids];
        const each = async (act: 'take' | 'add') => {
          for (let at = 0; at < ids.length; at += LIMITS.bulk.max)
            await client.collections[act].mutate({ id: collectionId, ids: ids.slice(at, at + LIMITS.bulk.max) });
          stale();
        };
        putBack = hide(shelf, new Set(ids));
        await each('take');
        const run = async () => {
          await each('add');
          putBack();
        };
        remember({ text: t('takenOut', { pictures: t('counted', { count: ids.length }) }), run });
        return true;
      } catch (failure) {
        putBack();
        refuse(failure);
        return false;
      }
    },
    [t, client, filters, hide, refuse, remember, stale],
  );

  // Undos follow one another, however fast they are asked for.
  const stack = useRef(undos);
  stack.current = undos;
  const undoneBefore = useRef<Promise<void>>(Promise.resolve());
  const undo = useCallback(() => {
    const next = async (): Promise<void> => {
      const last = stack.current.at(-1);
      if (!last) return;
      stack.current = stack.current.slice(0, -1);
      setUndos(stack.current);
      setUndoing(true);
      setError(null);
      try {
        await last.run();
      } catch (failure) {
        remember(last);
        refuse(failure);
      } finally {
        setUndoing(false);
      }
    };
    undoneBefore.current = undoneBefore.current.then(next);
    return undoneBefore.current;
  }, [refuse, remember]);

  const download = useMutation({
    mutationFn: (id: string) => client.images.download.query({ id }),
    // The object store answers with a file to save, so the page stays.
    onSuccess: ({ url }) => window.location.assign(url),
    onError: refuse,
  });

  return {
    error,
    undoing,
    lastUndo: undos.at(-1)?.text ?? null,
    forgetUndo: useCallback(() => setUndos([]), []),
    dismissError: useCallback(() => setError(null), []),
    mark,
    removeOne,
    bulk,
    collect,
    takeOut,
    undo,
    download: download.mutate,
    operations,
  };
}

/** Ids of everything that matches, loaded or not. */
async function readAll(client: ReturnType<typeof useTRPCClient>, matching: ImageFilterInput): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.images.frames.query({ ...matching, limit: LIMITS.frames.max, cursor });
    ids.push(...page.items.map(([id]) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return ids;
}

export type GalleryActs = ReturnType<typeof useGalleryActs>;

/** Operations of the last day: asked for while one works, and again after a reload. */
function useOperations(onRestored: () => Promise<void>, onRefused: (failure: unknown) => void) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const options = trpc.bulk.list.queryOptions();
  const list = useQuery({
    ...options,
    refetchInterval: ({ state }) => (state.data?.items.some(isLive) ? 1_000 : false),
    staleTime: 0,
  });
  const items = list.data?.items ?? [];
  const live = items.filter(isLive);
  // What a finished restore brought back stands in lists that were read before it.
  const [waitingFor, setWaitingFor] = useState<ReadonlySet<string>>(new Set());
  const restored = items.find(({ id, kind, endedAt }) => kind === 'restore' && endedAt && waitingFor.has(id));
  if (restored) {
    setWaitingFor((old) => new Set([...old].filter((id) => id !== restored.id)));
    queueMicrotask(() => void onRestored());
  }
  const follow = useCallback(
    (operation: BulkView) => {
      queryClient.setQueryData(options.queryKey, (old) => ({
        items: [operation, ...(old?.items.filter(({ id }) => id !== operation.id) ?? [])],
      }));
      if (operation.kind === 'restore') setWaitingFor((old) => new Set([...old, operation.id]));
    },
    [queryClient, options.queryKey],
  );
  const cancel = useMutation(trpc.bulk.cancel.mutationOptions({ onSuccess: follow, onError: onRefused }));
  const fetchFile = useMutation({
    mutationFn: (input: { id: string; file: number }) => client.bulk.file.query(input),
    onSuccess: ({ url }) => window.location.assign(url),
    onError: onRefused,
  });
  return {
    items,
    isBusy: live.length > 0,
    follow,
    cancel: (id: string) => cancel.mutate({ id }),
    fetchFile: (id: string, file: number) => fetchFile.mutate({ id, file }),
  };
}

export const isLive = ({ state }: BulkView): boolean => state === 'queued' || state === 'running';

function sayMark(t: Words<'gallery'>, mark: Mark): string {
  if ('favourite' in mark) return t(mark.favourite ? 'marked' : 'unmarked');
  return mark.rating === null ? t('unrated') : t('rated', { rating: mark.rating });
}
