'use client';

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { createDetailStore, type DetailStore } from './detail-store';
import { filterInput, type GalleryFilters } from './filters';
import { append, type Shelf } from './shelf';
import { FIRST, type FirstPage, firstInput, shelfKey, toFirstPage } from './shelf-query';

/** The second answer is short so that it is quick; later ones are rarely waited for. */
const NEXT = 1_000;
const LATER = 5_000;

export type ShelfState = {
  shelf: Shelf | null;
  /** Names the list that `shelf` is of; another one after the filters have changed. */
  list: string;
  details: DetailStore;
  isPending: boolean;
  error: unknown;
  /** Loads what lies up to this index, part by part. */
  reach: (index: number) => void;
  change: (change: (shelf: Shelf) => Shelf) => void;
  /** Starts again from the top with what is there now. */
  restart: () => Promise<void>;
};

/** The pictures that match, as a shelf that grows where one looks. */
export function useShelf(filters: GalleryFilters, pageNumber: number | null): ShelfState {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const input = filterInput(filters);
  const key = shelfKey(filters, pageNumber);
  const [details] = useState(() => createDetailStore(async (ids) => (await client.images.byIds.query({ ids })).items));
  const first = useQuery({
    queryKey: key,
    queryFn: async (): Promise<FirstPage> => {
      const [page, count] = await Promise.all([
        client.images.list.query(firstInput(filters, pageNumber)),
        queryClient.fetchQuery({ ...trpc.images.count.queryOptions(input), staleTime: 0 }),
      ]);
      details.put(page.items);
      return toFirstPage(filters, pageNumber, page, count);
    },
    // Events say when something is new, and a pill offers it: a list that refills by itself would jump.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const { data } = first;
  const [state, setState] = useState(() => {
    if (!data) return null;
    details.put(data.items);
    return open(data);
  });
  // A new first page is a new shelf: while rendering, so that no frame shows the old one under new filters.
  let current = state;
  if (data && state?.from !== data) {
    current = open(data);
    setState(current);
  }
  const shelf = current?.shelf ?? null;
  const change = useCallback(
    (next: (shelf: Shelf) => Shelf) => setState((old) => old && { from: old.from, shelf: next(old.shelf) }),
    [],
  );

  const latest = useRef({ shelf, input, loading: null as string | null, until: 0 });
  latest.current.shelf = shelf;
  latest.current.input = input;
  const [failure, setFailure] = useState<unknown>(null);
  const load = useCallback(async () => {
    const at = latest.current;
    const cursor = at.shelf?.cursor;
    if (!at.shelf || !cursor || at.loading !== null || at.shelf.frames.length > at.until) return;
    at.loading = cursor;
    try {
      const limit = at.shelf.frames.length <= FIRST ? NEXT : LATER;
      const page = await client.images.frames.query({ ...at.input, cursor, limit });
      setFailure(null);
      change((old) => append(old, cursor, page));
    } catch (error) {
      setFailure(error);
    } finally {
      at.loading = null;
    }
  }, [client, change]);
  // Each part that has come may not be enough.
  useEffect(() => {
    if (shelf) void load();
  }, [shelf, load]);
  const reach = useCallback(
    (index: number) => {
      latest.current.until = Math.max(latest.current.until, index);
      void load();
    },
    [load],
  );
  const restart = useCallback(async () => {
    latest.current.until = 0;
    await queryClient.refetchQueries({ queryKey: key, exact: true });
  }, [queryClient, key]);

  return {
    shelf,
    list: current?.from.list ?? '',
    details,
    isPending: first.isPending || first.isPlaceholderData,
    error: first.error ?? failure,
    reach,
    change,
    restart,
  };
}

function open(from: FirstPage): { from: FirstPage; shelf: Shelf } {
  const frames = from.items.map(({ id, width, height }) => [id, width, height] as [string, number, number]);
  return { from, shelf: { frames, cursor: from.nextCursor, total: from.total, readAt: from.readAt } };
}
