'use client';

import type { JobEventView, JobProgressView, LiveMessage } from '@pixgen/domain';
import { type QueryFilters, type QueryKey, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { createLiveStore, type LiveStatus, type LiveStore, type LossPoint } from './live-store';

const LiveContext = createContext<LiveStore | null>(null);
/** Many events in one moment become one refetch. */
const FLUSH_MS = 150;
const RECONNECT_MS = 2_000;
const FINAL = new Set<JobEventView['type']>(['succeeded', 'failed', 'cancelled', 'expired']);

/** Holds the tab's one stream and marks what it touches as stale, so that open screens fetch it again. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [store] = useState(createLiveStore);
  const client = useTRPCClient();
  const refresh = useRefresh();
  useEffect(() => {
    let lastEventId: string | null = null;
    let subscription: { unsubscribe(): void } | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const reconnect = () => {
      store.setStatus('down');
      clearTimeout(timer);
      timer = setTimeout(connect, RECONNECT_MS);
    };
    const receive = (message: LiveMessage) => {
      if (message.type === 'progress') store.addProgress(message.progress);
      if (message.type === 'preview') store.addPreview(message.preview);
      if (message.type === 'event' && message.event.imageId !== null) store.forgetPreview(message.event.imageId);
      if (message.type === 'event' && FINAL.has(message.event.type)) store.forget(message.event.jobId);
      if (message.type === 'hello') store.setStatus('open');
      refresh(message);
    };
    function connect() {
      subscription = client.jobs.live.subscribe(
        { lastEventId },
        {
          onConnectionStateChange: ({ state }) => store.setStatus(state === 'pending' ? 'open' : 'connecting'),
          onData: (data) => {
            // What the stream can be resumed from comes with an id around it, the rest without.
            const message = 'type' in data ? data : data.data;
            if (message.type === 'event') lastEventId = message.event.number;
            if (message.type === 'hello') lastEventId = message.number;
            receive(message);
          },
          onError: reconnect,
          onComplete: reconnect,
        },
      );
    }
    connect();
    return () => {
      clearTimeout(timer);
      subscription?.unsubscribe();
    };
  }, [client, store, refresh]);
  return <LiveContext value={store}>{children}</LiveContext>;
}

/** Collects what a message makes stale and refetches it once per moment. */
function useRefresh(): (message: LiveMessage) => void {
  const queryClient = useQueryClient();
  const trpc = useTRPC();
  const flush = useRef<(message: LiveMessage) => void>(null);
  if (!flush.current) {
    const waiting = new Map<string, QueryFilters<QueryKey>>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const add = (filter: QueryFilters<QueryKey>) => waiting.set(JSON.stringify(filter.queryKey), filter);
    flush.current = (message) => {
      if (message.type === 'progress' || message.type === 'preview') return;
      if (message.type === 'reset') add({});
      if (message.type === 'hello')
        for (const part of [trpc.jobs, trpc.training, trpc.generation]) add(part.pathFilter());
      if (message.type === 'photo') {
        add(trpc.photos.list.queryFilter({ modelId: message.modelId }));
        add(trpc.models.get.queryFilter({ id: message.modelId }));
      }
      if (message.type === 'event') {
        const { kind, orderId, type } = message.event;
        add(
          kind === 'train'
            ? trpc.training.get.queryFilter({ id: orderId })
            : trpc.generation.get.queryFilter({ id: orderId }),
        );
        if (kind === 'generate' && FINAL.has(type)) add(trpc.generation.list.pathFilter());
        if (!['checkpoint', 'weights', 'sample', 'image'].includes(type)) add(trpc.jobs.pathFilter());
        if (type === 'image' || (kind === 'generate' && FINAL.has(type))) {
          add(trpc.images.list.pathFilter());
          add(trpc.images.count.pathFilter());
        }
        if (kind === 'train' && FINAL.has(type)) {
          add(trpc.models.pathFilter());
          add(trpc.packs.ordered.pathFilter());
        }
        if (FINAL.has(type)) add(trpc.account.me.queryFilter());
      }
      clearTimeout(timer);
      timer = setTimeout(() => {
        for (const filter of waiting.values()) void queryClient.invalidateQueries(filter);
        waiting.clear();
      }, FLUSH_MS);
    };
  }
  return flush.current;
}

function useStore(): LiveStore {
  const store = useContext(LiveContext);
  if (!store) throw new Error('LiveProvider is missing above this component');
  return store;
}

/** Whether events arrive; when not, screens poll. */
export function useLiveStatus(): LiveStatus {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, store.status, () => 'connecting');
}

/** The newest sign of life of a job, or null before the first. */
export function useJobProgress(jobId: string): JobProgressView | null {
  const store = useStore();
  return useSyncExternalStore(
    store.subscribe,
    () => store.progress(jobId),
    () => null,
  );
}

/** The newest rough picture of an image that is being drawn: base64 of a WebP, or null. */
export function useImagePreview(imageId: string): string | null {
  const store = useStore();
  return useSyncExternalStore(
    store.subscribe,
    () => store.preview(imageId),
    () => null,
  );
}

const NO_POINTS: readonly LossPoint[] = [];
/** Loss points heard since this tab opened. */
export function useLossPoints(jobId: string): readonly LossPoint[] {
  const store = useStore();
  return useSyncExternalStore(
    store.subscribe,
    () => store.losses(jobId),
    () => NO_POINTS,
  );
}

/** How often a screen asks again while its job works: rarely while the stream is open, often when it is down. */
export function usePollMs(working: boolean): number | false {
  const status = useLiveStatus();
  if (!working) return false;
  return status === 'open' ? 15_000 : 3_000;
}
