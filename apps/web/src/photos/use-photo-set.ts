'use client';

import { LIMITS } from '@pixgen/domain';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { randomKey } from '@/jobs/intent-key';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { checkFile } from './check-file';
import { sendFile } from './send-file';
import { countTiles, joinTiles, moveTile, type Tile, type TileState } from './tile-state';

/** Files sent side by side. */
const LANES = 3;

/**
 * The photos of one draft: the server's rows plus the files on their way from this tab. Rows are the truth, so a reload
 * loses only what had not been sent.
 */
export function usePhotoSet(modelId: string) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [locals, setLocals] = useState<Tile[]>([]);
  const files = useRef(new Map<string, { file: File; abort: AbortController }>());
  const [checking, setChecking] = useState(false);
  const photos = useQuery({
    ...trpc.photos.list.queryOptions({ modelId }),
    // The live stream tells of verdicts; this is the backstop while one is due.
    refetchInterval: (query) => (query.state.data?.items.some((photo) => photo.state === 'checking') ? 2_500 : false),
  });
  const tiles = useMemo(() => joinTiles(photos.data?.items ?? [], locals), [photos.data, locals]);
  const counts = countTiles(tiles);

  const refresh = useCallback(async () => {
    await queryClient.invalidateQueries(trpc.photos.list.queryFilter({ modelId }));
    void queryClient.invalidateQueries(trpc.models.get.queryFilter({ id: modelId }));
  }, [queryClient, trpc, modelId]);

  const move = useCallback((key: string, to: TileState, change: Partial<Pick<Tile, 'photoId' | 'previewUrl'>> = {}) => {
    setLocals((all) => all.map((tile) => (tile.key === key ? moveTile(tile, to, change) : tile)));
  }, []);

  /** check → create the row → PUT → complete; each step names its own failure. */
  const process = useCallback(
    async (key: string) => {
      const entry = files.current.get(key);
      if (!entry) return;
      const { file, abort } = entry;
      move(key, { name: 'checking' });
      const checked = await checkFile(file);
      if (!checked.ok) return move(key, { name: 'refused', reason: checked.reason });
      try {
        const { contentType } = checked;
        const previewUrl = URL.createObjectURL(checked.blob);
        const { photo, upload } = await client.photos.create.mutate(
          { modelId, fileName: file.name.slice(-255) || 'photo', contentType, sizeBytes: checked.blob.size },
          { signal: abort.signal },
        );
        move(key, { name: 'uploading', sent: 0 }, { photoId: photo.id, previewUrl });
        const status = await sendFile(
          checked.blob,
          upload,
          (sent) => move(key, { name: 'uploading', sent }),
          abort.signal,
        );
        if (status >= 400)
          return move(key, { name: 'failed', reason: `The store refused the photo (${status}). Try again.` });
        move(key, { name: 'verifying' });
        await client.photos.complete.mutate({ id: photo.id }, { signal: abort.signal });
        await refresh();
      } catch (error) {
        if (abort.signal.aborted) return;
        const failure = failureOf(error);
        const final = !failure.retryable && failure.code !== 'UNREACHABLE';
        move(key, { name: final ? 'refused' : 'failed', reason: failure.message });
      }
    },
    [client, modelId, move, refresh],
  );

  const run = useCallback(
    async (keys: readonly string[]) => {
      setChecking(true);
      const queue = [...keys];
      const lane = async () => {
        for (let key = queue.shift(); key; key = queue.shift()) await process(key);
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      setChecking(false);
    },
    [process],
  );

  const add = useCallback(
    (list: Iterable<File>) => {
      const room = LIMITS.photos.max - counts.ready - counts.pending;
      const fresh = [...list].map((file, index): Tile => {
        const key = randomKey();
        const over = index >= room;
        if (!over) files.current.set(key, { file, abort: new AbortController() });
        const state: TileState = over
          ? { name: 'refused', reason: `${LIMITS.photos.max} photos are the most. Remove one to add this.` }
          : { name: 'queued' };
        return { key, fileName: file.name, previewUrl: null, photoId: null, state };
      });
      setLocals((all) => [...all, ...fresh]);
      void run(fresh.filter((tile) => tile.state.name === 'queued').map((tile) => tile.key));
    },
    [counts.ready, counts.pending, run],
  );

  const retry = useCallback(
    (key: string) => {
      const entry = files.current.get(key);
      if (!entry) return;
      files.current.set(key, { file: entry.file, abort: new AbortController() });
      const old = locals.find((tile) => tile.key === key)?.photoId;
      // The half-sent row is of no use; a new one gets a fresh address to send to.
      if (old) void client.photos.delete.mutate({ id: old }).then(refresh, () => null);
      move(key, { name: 'queued' }, { photoId: null });
      void run([key]);
    },
    [client, locals, move, refresh, run],
  );

  const remove = useCallback(
    async (key: string, photoId: string | null) => {
      files.current.get(key)?.abort.abort();
      files.current.delete(key);
      if (photoId) await client.photos.delete.mutate({ id: photoId });
      setLocals((all) => all.filter((tile) => tile.key !== key));
      if (photoId) await refresh();
    },
    [client, refresh],
  );

  const restore = useCallback(
    async (photoId: string) => {
      await client.photos.restore.mutate({ id: photoId });
      await refresh();
    },
    [client, refresh],
  );

  const canRetry = useCallback((key: string) => files.current.has(key), []);
  useForgetPreviews(locals);
  return { tiles, counts, busy: checking, add, retry, canRetry, remove, restore };
}

/** Object URLs hold the whole file in memory until they are given back. */
function useForgetPreviews(locals: readonly Tile[]): void {
  const urls = useRef(new Set<string>());
  useEffect(() => {
    const live = new Set(locals.flatMap((tile) => (tile.previewUrl ? [tile.previewUrl] : [])));
    for (const url of urls.current) if (!live.has(url)) URL.revokeObjectURL(url);
    urls.current = live;
  }, [locals]);
  useEffect(
    () => () => {
      for (const url of urls.current) URL.revokeObjectURL(url);
    },
    [],
  );
}
