'use client';

import { type DrawSettings, LIMITS } from '@pixgen/domain';
import { Field, Input, Notice, Select, Slider, SubmitButton } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
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
  /** An earlier run that is to be changed: its number and settings, the seed among them. */
  given: { n: number; settings: DrawSettings } | null;
};

/** Chooses the model and starts the run; the run has its own page. */
export function RunPack({
  slug,
  promptCount,
  models,
  modelId: first,
  imagePriceMicroUsd,
  trainPriceMicroUsd,
  given,
}: Props) {
  const t = useTranslations('packs');
  const jobWords = useTranslations('jobs');
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [modelId, setModelId] = useState(first);
  const [n, setN] = useState(given?.n ?? 1);
  const [seed, setSeed] = useState(given ? String(given.settings.seed) : '');
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
      : t('useAWholeNumberFrom', { maxSeed: LIMITS.maxSeed });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (trainFirst) return train.order(modelId, n);
    if (seedFault) return;
    const { seed: _given, ...settings } = given?.settings ?? { seed: null };
    const input = { slug, modelId, n, ...settings, ...(seed.trim() && { seed: Number(seed) }) };
    run.mutate({ ...input, idempotencyKey: intent.keyFor(input) });
  }

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <Field label={t('model')}>
        <Select value={modelId} onChange={(event) => setModelId(event.target.value)}>
          {models.map((model) => (
            <option key={model.id} value={model.id}>
              {model.trained ? model.name : t('draftOption', { name: model.name })}
            </option>
          ))}
        </Select>
      </Field>
      {most > 1 && (
        <Field label={t('picturesPerPrompt')} aside={n}>
          <Slider min={1} max={most} value={n} onValue={setN} />
        </Field>
      )}
      {trainFirst ? (
        <p className="text-ink-2 text-sm">{t('trainedFirst', { name: model?.name ?? '' })}</p>
      ) : (
        <Field label={t('seed')} error={seedFault}>
          <Input
            inputMode="numeric"
            autoComplete="off"
            placeholder={t('newEachTime')}
            value={seed}
            onChange={(event) => setSeed(event.target.value)}
            className="font-mono"
          />
        </Field>
      )}
      {given && !trainFirst && (
        <p className="text-ink-2 text-sm">{t('withTheSettingsOf', sizeAndSteps(given.settings))}</p>
      )}
      {error && (
        <Notice tone="danger" title={t('nothingWasStarted')}>
          {failureOf(error).message}
        </Notice>
      )}
      <SubmitButton
        variant="primary"
        size="lg"
        busy={run.isPending || run.isSuccess || train.busy}
        className="h-auto min-h-12 py-2 sm:whitespace-normal"
      >
        {t('run', {
          first: String(trainFirst),
          total,
          price: formatPrice(jobWords, imagePriceMicroUsd * total + (trainFirst ? trainPriceMicroUsd : 0)),
        })}
      </SubmitButton>
    </form>
  );
}

function sizeAndSteps({ steps, width, height }: DrawSettings) {
  return { steps, width, height };
}
