'use client';

import { LIMITS } from '@pixgen/domain';
import { Button, Field, Input, Notice, Select, Slider } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useIntentKey } from '@/jobs/intent-key';
import { formatPrice } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { useTrainAndRun } from './use-train-and-run';

type Props = {
  slug: string;
  promptCount: number;
  /** Ready ones, and drafts that could be trained now: those are trained first. */
  models: readonly { id: string; name: string; trained: boolean }[];
  modelId: string;
  imagePriceMicroUsd: number;
  trainPriceMicroUsd: number;
};

/** Chooses the model and starts the run; the run has its own page. */
export function RunPack({ slug, promptCount, models, modelId: first, imagePriceMicroUsd, trainPriceMicroUsd }: Props) {
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [modelId, setModelId] = useState(first);
  const [n, setN] = useState(1);
  const [seed, setSeed] = useState('');
  const intent = useIntentKey(`pack:${slug}`);
  const run = useMutation(
    trpc.packs.run.mutationOptions({
      onSuccess: (generation) => {
        intent.settle();
        queryClient.setQueryData(trpc.generation.get.queryKey({ id: generation.id }), generation);
        void queryClient.invalidateQueries(trpc.jobs.pathFilter());
        void queryClient.invalidateQueries(trpc.generation.list.pathFilter());
        router.push(`/generations/${generation.id}`);
      },
    }),
  );
  const train = useTrainAndRun(slug);
  const model = models.find((one) => one.id === modelId);
  const trainFirst = model?.trained === false;
  const error = trainFirst ? train.error : run.error;
  const total = promptCount * n;
  const most = Math.max(1, Math.min(4, Math.floor(LIMITS.imagesPerGeneration.max / promptCount)));
  const seedFault =
    /^\d*$/.test(seed.trim()) && Number(seed) <= LIMITS.maxSeed
      ? undefined
      : `Use a whole number from 0 to ${LIMITS.maxSeed}.`;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (trainFirst) return train.order(modelId, n);
    if (seedFault) return;
    const input = { slug, modelId, n, ...(seed.trim() && { seed: Number(seed) }) };
    run.mutate({ ...input, idempotencyKey: intent.keyFor(input) });
  }

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <Field label="Model">
        <Select value={modelId} onChange={(event) => setModelId(event.target.value)}>
          {models.map((model) => (
            <option key={model.id} value={model.id}>
              {model.name}
              {!model.trained && ' (draft, is trained first)'}
            </option>
          ))}
        </Select>
      </Field>
      {most > 1 && (
        <Field label="Pictures per prompt" aside={n}>
          <Slider min={1} max={most} value={n} onValue={setN} />
        </Field>
      )}
      {trainFirst ? (
        <p className="text-ink-2 text-sm">
          {model?.name} is trained with the balanced preset. When that succeeds, the pack starts by itself; when it does
          not, the pack is let go and costs nothing.
        </p>
      ) : (
        <Field label="Seed" error={seedFault}>
          <Input
            inputMode="numeric"
            autoComplete="off"
            placeholder="new each time"
            value={seed}
            onChange={(event) => setSeed(event.target.value)}
            className="font-mono"
          />
        </Field>
      )}
      {error && (
        <Notice tone="danger" title="Nothing was started">
          {failureOf(error).message}
        </Notice>
      )}
      <Button
        type="submit"
        variant="primary"
        size="lg"
        busy={run.isPending || run.isSuccess || train.busy}
        className="h-auto min-h-12 whitespace-normal py-2"
      >
        {trainFirst ? 'Train, then run' : 'Run pack'} · {total} {total === 1 ? 'picture' : 'pictures'} ·{' '}
        {formatPrice(imagePriceMicroUsd * total + (trainFirst ? trainPriceMicroUsd : 0))}
      </Button>
    </form>
  );
}
