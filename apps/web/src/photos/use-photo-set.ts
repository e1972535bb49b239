'use client';

import { LIMITS, type PhotoView } from '@pixgen/domain';
import { adviseOnSet, type PhotoLook } from '@pixgen/domain/photo-check';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { randomKey } from '@/jobs/intent-key';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { dropFile, isFileInHand, keepFile, readKeptFiles, withFileInHand } from './kept-files';
import { countTiles, joinTiles, moveTile, newTile, type Tile, type TileChange, type TileState } from './tile-state';
import { adviceWords } from './verdict-words';

/** Files sent side by side. */
const LANES = 3;

type LocalFile = { file: File; abort: AbortController };

/**
 * The photos of one draft: the server's rows plus the files on their way from this tab. Rows are the truth; files that have
 * no row yet are kept in this browser, so that a reload goes on with them.
 *
 * @param trainingEdgePx what the base model trains at
 */
export function usePhotoSet(modelId: string, trainingEdgePx: number, person: boolean) {
  const t = useTranslations('photos');
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [locals, setLocals] = useState<Tile[]>([]);
  const files = useRef(new Map<string, LocalFile>());
  /** Looks of this tab's photos that passed the check: two that are dropped together are compared too. */
  const looks = useRef(new Map<string, PhotoLook>());
  const photos = useQuery({
    ...trpc.photos.list.queryOptions({ modelId }),
    // The live stream tells of verdicts; this is the backstop while one is due.
    refetchInterval: (query) => (query.state.data?.items.some((photo) => photo.state === 'checking') ? 2_500 : false),
  });
  const tiles = useMemo(() => joinTiles(t, photos.data?.items ?? [], locals), [t, photos.data, locals]);
  const counts = countTiles(tiles);
  const room = LIMITS.photos.max - counts.ready - counts.pending;
  const readyLooks = useMemo(
    () => (photos.data?.items ?? []).flatMap((photo) => (photo.state === 'ready' && photo.look ? [photo.look] : [])),
    [photos.data],
  );
  const inSet = useRef(readyLooks);
  inSet.current = readyLooks;
  const advice = useMemo(
    () => adviseOnSet(readyLooks, trainingEdgePx).map((one) => adviceWords(t, one, person)),
    [t, readyLooks, trainingEdgePx, person],
  );

  const refresh = useCallback(async () => {
    // The set and what was removed from it.
    await queryClient.invalidateQueries(trpc.photos.list.pathFilter());
    void queryClient.invalidateQueries(trpc.models.get.queryFilter({ id: modelId }));
  }, [queryClient, trpc, modelId]);

  const move = useCallback((key: string, to: TileState, change: TileChange = {}) => {
    setLocals((all) => all.map((tile) => (tile.key === key ? moveTile(tile, to, change) : tile)));
    // What is refused counts for nobody; what failed may come again.
    if (to.name === 'refused' || to.name === 'failed') looks.current.delete(key);
    if (to.name === 'refused') void dropFile(key);
  }, []);

  /** check → create the row → PUT → complete; each step names its own failure. */
  const send = useCallback(
    async (key: string) => {
      const entry = files.current.get(key);
      if (!entry) return;
      const { file, abort } = entry;
      move(key, { name: 'checking' });
      const others = () => [
        ...inSet.current,
        ...[...looks.current].flatMap(([other, look]) => (other === key ? [] : [look])),
      ];
      try {
        // Fetched with the first file: the page stands without them.
        const [{ checkFile }, { sendFile }] = await Promise.all([import('./check-file'), import('./send-file')]);
        const checked = await checkFile(t, file, trainingEdgePx, person, others);
        if (abort.signal.aborted) return;
        if (!checked.ok) return move(key, { name: 'refused', reason: checked.reason });
        looks.current.set(key, checked.look);
        const { jpeg, warnings } = checked;
        const previewUrl = URL.createObjectURL(jpeg);
        const { photo, upload } = await client.photos.create.mutate(
          { modelId, fileName: file.name.slice(-255) || 'photo', contentType: 'image/jpeg', sizeBytes: jpeg.size },
          { signal: abort.signal },
        );
        await keepFile(modelId, key, file, photo.id);
        move(key, { name: 'uploading', sent: 0 }, { photoId: photo.id, previewUrl, warnings });
        const status = await sendFile(jpeg, upload, (sent) => move(key, { name: 'uploading', sent }), abort.signal);
        if (status >= 400) return move(key, { name: 'failed', reason: t('storeRefused', { status }) });
        move(key, { name: 'verifying' });
        await client.photos.complete.mutate({ id: photo.id }, { signal: abort.signal });
        await dropFile(key);
        await refresh();
      } catch (error) {
        if (abort.signal.aborted) return;
        const failure = failureOf(error);
        const final = !failure.retryable && failure.code !== 'UNREACHABLE';
        move(key, { name: final ? 'refused' : 'failed', reason: failure.message });
      }
    },
    [t, client, modelId, move, refresh, trainingEdgePx, person],
  );

  const run = useCallback(
    async (keys: readonly string[]) => {
      const queue = [...keys];
      const lane = async () => {
        for (let key = queue.shift(); key; key = queue.shift()) {
          const mine = key;
          await withFileInHand(mine, () => send(mine));
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    },
    [send],
  );

  const add = useCallback(
    (list: Iterable<File>) => {
      const fresh = [...list].map((file, index): Tile => {
        const key = randomKey();
        const hasRoom = index < room;
        // What is too much stays at hand: there may be room for it once another one is removed.
        files.current.set(key, { file, abort: new AbortController() });
        if (hasRoom) void keepFile(modelId, key, file, null);
        return newTile(t, key, file.name, hasRoom);
      });
      setLocals((all) => [...all, ...fresh]);
      void run(fresh.filter((tile) => tile.state.name === 'queued').map((tile) => tile.key));
    },
    [t, room, modelId, run],
  );

  useResume(modelId, photos.data?.items, async (kept) => {
    const fresh = await Promise.all(
      kept.map(async ({ key, file, photoId }): Promise<Tile> => {
        files.current.set(key, { file, abort: new AbortController() });
        // The half-sent row is of no use; a new one gets a fresh address to send to.
        if (photoId) await client.photos.delete.mutate({ id: photoId }).catch(() => null);
        return newTile(t, key, file.name, true);
      }),
    );
    setLocals((all) => [...all, ...fresh]);
    await refresh();
    await run(fresh.map((tile) => tile.key));
  });

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
    async (key: string, shownId: string | null) => {
      // While it is sent its row is known to this tab only.
      const photoId = shownId ?? locals.find((tile) => tile.key === key)?.photoId ?? null;
      files.current.get(key)?.abort.abort();
      files.current.delete(key);
      looks.current.delete(key);
      await dropFile(key);
      if (photoId) await client.photos.delete.mutate({ id: photoId });
      setLocals((all) => all.filter((tile) => tile.key !== key));
      if (photoId) await refresh();
    },
    [client, locals, refresh],
  );

  const restore = useCallback(
    async (photoId: string) => {
      await client.photos.restore.mutate({ id: photoId });
      await refresh();
    },
    [client, refresh],
  );

  // Whoever leaves the step takes its uploads back; the files are kept and go on when the step is opened again.
  useEffect(
    () => () => {
      for (const { abort } of files.current.values()) abort.abort();
    },
    [],
  );

  const canRetry = useCallback((key: string) => room > 0 && files.current.has(key), [room]);
  useForgetPreviews(locals);
  return { tiles, counts, advice, add, retry, canRetry, remove, restore };
}

type Kept = Awaited<ReturnType<typeof readKeptFiles>>;

/** Once, when the rows are known: hands over the files whose upload an earlier page of this browser did not finish. */
function useResume(modelId: string, photos: readonly PhotoView[] | undefined, go: (kept: Kept) => Promise<void>): void {
  const resume = useRef(go);
  resume.current = go;
  const begun = useRef(false);
  useEffect(() => {
    if (!photos || begun.current) return;
    begun.current = true;
    void readKeptFiles(modelId).then(async (kept) => {
      const arrived = new Set(photos.flatMap((photo) => (photo.state === 'uploading' ? [] : [photo.id])));
      const open = kept.filter(({ key, photoId }) => {
        if (photoId === null || !arrived.has(photoId)) return true;
        void dropFile(key);
        return false;
      });
      const free = await Promise.all(open.map(async (one) => ((await isFileInHand(one.key)) ? [] : [one])));
      if (free.flat().length > 0) await resume.current(free.flat());
    });
  }, [modelId, photos]);
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
