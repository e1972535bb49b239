'use client';

import { type DrawSettings, type GenerationView, type ImageView, seedAt } from '@pixgen/domain';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useIntentKey } from '@/jobs/intent-key';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

const VARIATIONS = 4;

/** Orders that a finished picture leads to: the same one once more, or its neighbours. */
export function useAgain(onOrdered: (next: GenerationView) => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const intent = useIntentKey('again');
  const [asked, setAsked] = useState<string | null>(null);
  const start = useMutation(
    trpc.generation.start.mutationOptions({
      onSuccess: (next) => {
        intent.settle();
        queryClient.setQueryData(trpc.generation.get.queryKey({ id: next.id }), next);
        void queryClient.invalidateQueries(trpc.jobs.pathFilter());
        void queryClient.invalidateQueries(trpc.generation.list.pathFilter());
        onOrdered(next);
      },
    }),
  );
  function order(image: ImageView, settings: DrawSettings, change: { n: number; seed: number }): void {
    if (start.isPending) return;
    setAsked(image.id);
    const input = { modelId: image.modelId, prompt: image.prompt, ...settings, ...change };
    start.mutate({ ...input, idempotencyKey: intent.keyFor([image.id, input]) });
  }
  return {
    /** The picture that is being ordered again. */
    busyWith: start.isPending ? asked : null,
    error: start.error ? failureOf(start.error).message : null,
    /** The same seed and settings: the same picture, as far as GPU and weights are the same. */
    exactly: (image: ImageView, settings: DrawSettings) => order(image, settings, { n: 1, seed: image.seed }),
    /** The same in all but the seed, which goes on from this one. */
    vary: (image: ImageView, settings: DrawSettings) =>
      order(image, settings, { n: VARIATIONS, seed: seedAt(image.seed, 1) }),
  };
}
