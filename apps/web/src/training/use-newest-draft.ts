'use client';

import type { ModelView } from '@pixgen/domain';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useTRPC } from '@/trpc/client';

/**
 * The draft as it is known best when a step opens: what the server drew, or what this tab saved since. A step back shows
 * a page that the router kept, and that page is older than what was typed after it.
 */
export function useNewestDraft<Draft extends ModelView | null>(drawn: Draft) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [draft] = useState<Draft>(() => {
    const kept = drawn && queryClient.getQueryData(trpc.models.get.queryKey({ id: drawn.id }));
    return kept && drawn && kept.updatedAt > drawn.updatedAt ? (kept as Draft) : drawn;
  });
  const keep = useCallback(
    (saved: ModelView) => {
      queryClient.setQueryData(trpc.models.get.queryKey({ id: saved.id }), saved);
      void queryClient.invalidateQueries(trpc.models.list.pathFilter());
    },
    [queryClient, trpc],
  );
  /** What is on its way to the server: a step back can be quicker than the answer. */
  const foresee = useCallback(
    (changes: Partial<ModelView>) => {
      if (!drawn) return;
      queryClient.setQueryData(trpc.models.get.queryKey({ id: drawn.id }), (old) => ({
        ...(old ?? drawn),
        ...changes,
        updatedAt: new Date().toISOString(),
      }));
    },
    [drawn, queryClient, trpc],
  );
  return { draft, keep, foresee };
}
