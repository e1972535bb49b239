/** The main job through the typed client alone: a model from photos, its training, and the order of pictures. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CONSENT, type GenerationView, isFinal, type ModelView, type TrainingView } from '@pixgen/domain';
import type { PixgenClient } from '@pixgen/trpc/client';

const POLL_MS = 500;

export type Progress = (done: number, total: number, note: string) => void;

/** Creates a model with consent, uploads the photos and waits for the verdict on each. @throws when one is refused */
export async function createModel(
  client: PixgenClient,
  model: { name: string; classWord: string },
  photoFiles: readonly string[],
  onProgress: Progress,
): Promise<ModelView> {
  const created = await client.models.create.mutate({
    ...model,
    consent: { subject: 'not-a-person', accepted: true, adult: true, textVersion: CONSENT.version },
  });
  for (const [index, file] of photoFiles.entries()) {
    onProgress(index, photoFiles.length, `uploading ${basename(file)}`);
    await uploadPhoto(client, created.id, file);
  }
  for (;;) {
    const { items } = await client.photos.list.query({ modelId: created.id });
    const refused = items.find((photo) => photo.state === 'refused');
    if (refused) throw new Error(`${refused.fileName} was refused: ${refused.refusal?.message ?? 'no reason given'}`);
    const ready = items.filter((photo) => photo.state === 'ready').length;
    onProgress(ready, photoFiles.length, 'checked');
    if (ready === photoFiles.length) return client.models.get.query({ id: created.id });
    await delay(POLL_MS);
  }
}

async function uploadPhoto(client: PixgenClient, modelId: string, file: string): Promise<void> {
  const bytes = await readFile(file);
  const { photo, upload } = await client.photos.create.mutate({
    modelId,
    fileName: basename(file),
    contentType: 'image/jpeg',
    sizeBytes: bytes.length,
  });
  const stored = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: bytes });
  if (!stored.ok) throw new Error(`upload of ${basename(file)}: HTTP ${stored.status} ${await stored.text()}`);
  await client.photos.complete.mutate({ id: photo.id });
}

/** Trains and waits for the end. @throws with the failure's own words */
export async function trainModel(
  client: PixgenClient,
  order: Omit<Parameters<PixgenClient['training']['start']['mutate']>[0], 'idempotencyKey'>,
  onProgress: Progress,
): Promise<TrainingView> {
  let training = await client.training.start.mutate({ ...order, idempotencyKey: randomUUID() });
  while (!isFinal(training.job.state)) {
    const loss = training.lossHistory.at(-1)?.[1];
    const note = loss === undefined ? (training.job.phase ?? training.job.state) : `loss ${loss.toFixed(4)}`;
    onProgress(training.job.step, training.job.totalSteps, note);
    await delay(POLL_MS);
    training = await client.training.get.query({ id: training.id });
  }
  if (training.job.state !== 'succeeded') throw new Error(failureOf('training', training.job));
  return training;
}

/** Waits for a generation's end. @throws when it failed or any of its images did */
export async function awaitGeneration(
  client: PixgenClient,
  started: GenerationView,
  onProgress: Progress,
): Promise<GenerationView> {
  let generation = started;
  while (!isFinal(generation.job.state)) {
    onProgress(generation.counts.ready, generation.counts.planned, generation.job.phase ?? generation.job.state);
    await delay(POLL_MS);
    generation = await client.generation.get.query({ id: generation.id });
  }
  if (generation.job.state !== 'succeeded') throw new Error(failureOf('generation', generation.job));
  if (generation.counts.failed > 0) throw new Error(`${generation.counts.failed} of its images failed`);
  return generation;
}

function failureOf(what: string, job: GenerationView['job']): string {
  const why = job.failure ? `: ${job.failure.message} ${job.failure.nextStep} (${job.failure.code})` : '';
  return `The ${what} ended ${job.state}${why}`;
}
