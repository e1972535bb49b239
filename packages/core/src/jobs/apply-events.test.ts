import { createHash } from 'node:crypto';
import type { DurableGpuEvent, GenerationView, SampleEvent, SucceededEvent } from '@pixgen/domain';
import { newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { deliverSample } from '../gallery/deliver-image.ts';
import { retryGeneration } from '../generation/change-generation.ts';
import { getGeneration } from '../generation/read-generations.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { createReadyModel } from '../generation/testing.ts';
import { downloadWeights } from '../models/download-weights.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { TINY_PNG } from '../testing-world.ts';
import { getTraining } from '../training/read-trainings.ts';
import { applyEvents } from './apply-events.ts';
import { move } from './next-move.ts';

const PRICE = 1_000;
const BYTES = TINY_PNG;
const SHA256 = createHash('sha256').update(BYTES).digest('base64');

let test: TestDeps;
let deps: Deps;
let actor: Actor;
let modelId: string;
beforeAll(async () => {
  test = await createTestDeps({ prices: { trainMicroUsd: 0, imageMicroUsd: PRICE } });
  ({ deps } = test);
  actor = await createActor(deps);
  modelId = await createReadyModel(deps, actor);
});
afterAll(() => test.close());

/** A generation of `n` images whose job was claimed twice: epoch 2 is the current one. */
async function claimedGeneration(n: number): Promise<GenerationView> {
  const generation = await startGeneration(deps, actor, {
    modelId,
    prompt: 'rain',
    n,
    negativePrompt: '',
    loraWeight: 1,
    idempotencyKey: newId(),
  });
  await deps.jobs.move(move(generation.job.id, 1, 'dispatching'));
  for (let claim = 0; claim < 2; claim += 1)
    await deps.jobs.claim({ jobId: generation.job.id, attempt: 1, callId: 'call' });
  return generation;
}

type TrainingClaim = { jobId: string; attempt: number; claimEpoch: number };

/** A training at work, of a model of its own. */
async function claimedTraining(samplePrompts: string[]) {
  const [trainingId, jobId] = [newId(), newId()];
  const { userId } = actor;
  const ofModel = await createReadyModel(deps, actor);
  const order = { id: trainingId, userId, modelId: ofModel, profile: 'nano', preset: 'fast', photoIds: [] };
  await deps.db.prisma.training.create({ data: { ...order, settings: { samplePrompts } } });
  const deadlineAt = new Date(Date.now() + 60_000);
  await deps.db.prisma.job.create({
    data: { id: jobId, userId, kind: 'train', trainingId, modelId: ofModel, deadlineAt },
  });
  await deps.jobs.move(move(jobId, 1, 'dispatching'));
  await deps.jobs.claim({ jobId, attempt: 1, callId: 'call' });
  return { trainingId, jobId, claim: { jobId, attempt: 1, claimEpoch: 1 } satisfies TrainingClaim };
}

async function storeTrainingObject(claim: TrainingClaim, name: string, type: string) {
  const key = keys.gpuObject({ userId: actor.userId, ...claim, name });
  await deps.storage.write(key, BYTES, type);
  return { key, sizeBytes: BYTES.length, sha256: SHA256 };
}

const head = (generation: GenerationView) => ({ jobId: generation.job.id, attempt: 1, claimEpoch: 2 });

async function storeObject(
  generation: GenerationView,
  name: string,
): Promise<{ key: string; sizeBytes: number; sha256: string }> {
  const key = keys.gpuObject({ userId: actor.userId, ...head(generation), name });
  await deps.storage.write(key, BYTES, 'image/png');
  return { key, sizeBytes: BYTES.length, sha256: SHA256 };
}

/** Stores events as if they had passed the webhook, whatever their epoch, and applies them in batches of this size. */
async function storeEvents(events: DurableGpuEvent[]): Promise<string[]> {
  const ids: string[] = [];
  for (const event of events) {
    const { id } = await deps.db.prisma.gpuEvent.create({
      data: {
        jobId: event.jobId,
        webhookId: `msg_${newId()}`,
        attempt: event.attempt,
        claimEpoch: event.claimEpoch,
        payload: event,
      },
    });
    ids.push(String(id));
  }
  return ids;
}

async function deliver(events: DurableGpuEvent[], batchSize: number): Promise<void> {
  const ids = await storeEvents(events);
  for (let start = 0; start < ids.length; start += batchSize)
    await applyEvents(deps, ids.slice(start, start + batchSize));
}

const money = () =>
  deps.db.prisma.user.findUniqueOrThrow({
    where: { id: actor.userId },
    select: { heldMicroUsd: true, spentMicroUsd: true },
  });

describe('applying events', () => {
  it('ends the same in every order, doubled, reordered and mixed with those of an older epoch', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
        fc.integer({ min: 1, max: 7 }),
        async (order, batchSize) => {
          const generation = await claimedGeneration(2);
          const [first, second] = generation.images;
          if (!first || !second) throw new Error('two images were planned');
          const drawn = {
            status: 'succeeded',
            ...(await storeObject(generation, `image-${first.id}.png`)),
            width: 128,
            height: 128,
            gpuMs: 1,
            safety: null,
          } as const;
          const failed = { status: 'failed', code: 'GPU_OUT_OF_MEMORY', safety: null } as const;
          const image = { type: 'image', ...head(generation), imageId: first.id, result: drawn } as const;
          const done: SucceededEvent = {
            type: 'succeeded',
            ...head(generation),
            gpuMs: 2,
            training: null,
            images: [
              { imageId: first.id, result: drawn },
              { imageId: second.id, result: failed },
            ],
          };
          const events: DurableGpuEvent[] = [
            image,
            image,
            { type: 'image', ...head(generation), imageId: second.id, result: failed },
            done,
            done,
            { type: 'failed', ...head(generation), claimEpoch: 1, gpuMs: 1, code: 'GPU_LOST', retryable: false },
            { ...done, claimEpoch: 1, images: [] },
          ];
          const before = await money();
          await deliver(
            order.flatMap((index) => events[index] ?? []),
            batchSize,
          );
          const after = await getGeneration(deps, actor, { id: generation.id });
          expect(after).toMatchObject({
            job: { state: 'succeeded', costMicroUsd: PRICE },
            counts: { planned: 2, ready: 1, failed: 1 },
          });
          const ends = await deps.db.prisma.jobEvent.findMany({
            where: { jobId: generation.job.id, type: { in: ['succeeded', 'failed'] } },
          });
          expect(ends).toHaveLength(1);
          const { heldMicroUsd, spentMicroUsd } = await money();
          expect(heldMicroUsd).toBe(before.heldMicroUsd - BigInt(2 * PRICE));
          expect(spentMicroUsd).toBe(before.spentMicroUsd + BigInt(PRICE));
          expect(await deps.db.prisma.gpuEvent.count({ where: { appliedAt: null } })).toBe(0);
        },
      ),
      { seed: 20261122, numRuns: 40 },
    );
  });

  // Image events do not wait for the disk: a crash of Postgres may take them although they were acknowledged.
  it('has every image of an attempt whose image events were lost, because its last event tells them again', async () => {
    const generation = await claimedGeneration(2);
    const images = await Promise.all(
      generation.images.map(async ({ id }) => {
        const object = await storeObject(generation, `image-${id}.png`);
        return {
          imageId: id,
          result: { status: 'succeeded', ...object, width: 128, height: 128, gpuMs: 1, safety: null } as const,
        };
      }),
    );
    await deliver([{ type: 'succeeded', ...head(generation), gpuMs: 2, training: null, images }], 1);
    const after = await getGeneration(deps, actor, { id: generation.id });
    expect(after).toMatchObject({ job: { state: 'succeeded' }, counts: { planned: 2, ready: 2, failed: 0 } });
  });

  it('draws lost images again after a failure, and charges nothing for them when there is no other attempt', async () => {
    const generation = await claimedGeneration(2);
    const failed = { type: 'failed', ...head(generation), gpuMs: 1, code: 'GPU_LOST' } as const;
    const before = await money();
    await deliver([{ ...failed, retryable: true }], 1);
    const jobId = generation.job.id;
    await deps.jobs.move(move(jobId, 2, 'dispatching'));
    const claim = await deps.jobs.claim({ jobId, attempt: 2, callId: 'next' });
    expect(claim).toMatchObject({
      outcome: 'claimed',
      work: { images: generation.images.map(({ id }) => expect.objectContaining({ imageId: id })) },
    });
    await deliver([{ ...failed, attempt: 2, claimEpoch: 1, retryable: false }], 1);
    expect(await getGeneration(deps, actor, { id: generation.id })).toMatchObject({ job: { state: 'failed' } });
    expect((await money()).spentMicroUsd).toBe(before.spentMicroUsd);
  });

  it('takes money of a retry only for the images that the retry drew', async () => {
    const generation = await claimedGeneration(2);
    const [first] = generation.images;
    const object = await storeObject(generation, `image-${first?.id}.png`);
    const result = { status: 'succeeded', ...object, width: 128, height: 128, gpuMs: 1, safety: null } as const;
    await deliver([{ type: 'image', ...head(generation), imageId: first?.id ?? '', result }], 1);
    const failed = { type: 'failed', ...head(generation), gpuMs: 1, code: 'GPU_INTERNAL', retryable: false } as const;
    await deliver([failed], 1);
    const before = await money();
    const { job } = await retryGeneration(deps, actor, { id: generation.id, idempotencyKey: newId() });
    expect((await money()).heldMicroUsd).toBe(before.heldMicroUsd + BigInt(PRICE));
    await deps.jobs.move(move(job.id, 1, 'dispatching'));
    await deps.jobs.claim({ jobId: job.id, attempt: 1, callId: 'again' });
    await deliver([{ ...failed, jobId: job.id, claimEpoch: 1 }], 1);
    expect((await getGeneration(deps, actor, { id: generation.id })).job).toMatchObject({
      id: job.id,
      state: 'failed',
      costMicroUsd: 0,
    });
    expect(await money()).toEqual(before);
  });

  it.each([
    ['is missing', async () => ({ key: 'image-missing.png', sizeBytes: BYTES.length, sha256: SHA256 })],
    [
      'has another length',
      async (generation: GenerationView) => ({
        ...(await storeObject(generation, 'short.png')),
        sizeBytes: BYTES.length + 1,
      }),
    ],
    ['is no picture by its name', (generation: GenerationView) => storeObject(generation, 'weights.safetensors')],
    [
      'has another checksum',
      async (generation: GenerationView) => ({
        ...(await storeObject(generation, 'other.png')),
        sha256: `${'A'.repeat(43)}=`,
      }),
    ],
  ])('never shows an image whose object %s', async (_, announce) => {
    const generation = await claimedGeneration(1);
    const imageId = generation.images[0]?.id ?? '';
    const object = await announce(generation);
    const key = object.key.startsWith('o/')
      ? object.key
      : keys.gpuObject({ userId: actor.userId, ...head(generation), name: object.key });
    const result = { status: 'succeeded', ...object, key, width: 128, height: 128, gpuMs: 1, safety: null } as const;
    await deliver([{ type: 'image', ...head(generation), imageId, result }], 1);
    const after = await getGeneration(deps, actor, { id: generation.id });
    expect(after.images[0]).toMatchObject({ state: 'failed', failure: { code: 'UPLOAD_FAILED' } });
  });

  it('keeps both layouts of the weights and each sample once, and only samples that are there and were asked for', async () => {
    const { trainingId, claim } = await claimedTraining(['photo of {subject}', 'in rain']);
    const store = (name: string, type: string) => storeTrainingObject(claim, name, type);
    const drawn = async (index: number, name: string) => ({
      ...{ type: 'sample', ...claim, step: 4, index, width: 64, height: 64 },
      object: await store(name, 'image/png'),
    });
    const first = (await drawn(0, 'sample-a.png')) as SampleEvent;
    const second = (await drawn(1, 'sample-b.png')) as SampleEvent;
    const unasked = (await drawn(2, 'sample-c.png')) as SampleEvent;
    const again = (await drawn(0, 'sample-d.png')) as SampleEvent;
    const absent: SampleEvent = { ...second, step: 5, object: { ...second.object, key: `${second.object.key}x` } };
    const weights = await store('weights-step-4.safetensors', 'application/octet-stream');
    const kohyaWeights = await store('kohya-weights-step-4.safetensors', 'application/octet-stream');
    const training = { weights, kohyaWeights, steps: 4, likeness: null, lossHistory: [] as [number, number][] };
    await deliver(
      [second, first, first, unasked, absent, again, { type: 'succeeded', ...claim, gpuMs: 1, images: [], training }],
      3,
    );
    const view = await getTraining(deps, actor, { id: trainingId });
    expect(view.job.state).toBe('succeeded');
    expect(view.samples.map(({ step, prompt }) => [step, prompt])).toEqual([
      [4, 'photo of {subject}'],
      [4, 'in rain'],
    ]);
    const rows = await deps.db.prisma.sample.findMany({ where: { trainingId }, orderBy: { position: 'asc' } });
    expect(rows.map((row) => row.storageKey)).toEqual([first.object.key, second.object.key]);
    const lines = await deps.db.prisma.jobEvent.findMany({ where: { jobId: claim.jobId, type: 'sample' } });
    expect(lines.map((line) => line.step)).toEqual([4, 4]);
    const stored = await deps.db.prisma.weights.findFirstOrThrow({ where: { trainingId } });
    expect([stored.storageKey, stored.kohyaStorageKey]).toEqual([weights.key, kohyaWeights.key]);
    expect((await downloadWeights(deps, actor, { id: view.modelId, layout: 'kohya' })).url).toContain('kohya-weights');

    const picture = { id: view.samples[0]?.id ?? '', widthPx: null, format: 'webp' } as const;
    const delivery = await deliverSample(deps, actor, picture);
    expect(await delivery.bytes()).toEqual(BYTES);
    const stranger = await createActor(deps);
    await expect(deliverSample(deps, stranger, picture)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps samples, checkpoints and their weights that were stored before the end, though their tasks come up after it', async () => {
    const { trainingId, claim } = await claimedTraining(['photo of {subject}']);
    const store = (name: string, type = 'application/octet-stream') => storeTrainingObject(claim, name, type);
    const sample = { step: 4, index: 0, width: 64, height: 64, object: await store('sample.png', 'image/png') };
    const between = await store('weights-step-2.safetensors');
    const [weights, kohyaWeights] = [await store('weights.safetensors'), await store('kohya.safetensors')];
    const training = { weights, kohyaWeights, steps: 4, likeness: null, lossHistory: [] as [number, number][] };
    const ids = await storeEvents([
      { type: 'sample', ...claim, ...sample },
      { type: 'weights', ...claim, step: 2, likeness: null, object: between },
      { type: 'succeeded', ...claim, gpuMs: 1, images: [], training },
    ]);
    for (const id of ids.toReversed()) await applyEvents(deps, [id]);
    const view = await getTraining(deps, actor, { id: trainingId });
    expect(view.job.state).toBe('succeeded');
    expect(view.samples).toHaveLength(1);
    const rows = await deps.db.prisma.weights.findMany({ where: { trainingId }, orderBy: { step: 'asc' } });
    expect(rows.map((row) => [row.step, row.storageKey])).toEqual([
      [2, between.key],
      [4, weights.key],
    ]);
    expect(await deps.db.prisma.gpuEvent.count({ where: { jobId: claim.jobId, appliedAt: null } })).toBe(0);
  });

  it.each(['weights', 'kohyaWeights'] as const)(
    'sends a training whose %s did not arrive to its next attempt',
    async (missing) => {
      const { jobId, trainingId, claim } = await claimedTraining([]);
      const there = await storeTrainingObject(claim, 'there.safetensors', 'application/octet-stream');
      const files = { weights: there, kohyaWeights: there, [missing]: { ...there, key: `${there.key}x` } };
      await deliver(
        [
          {
            type: 'succeeded',
            ...claim,
            gpuMs: 1,
            images: [],
            training: { ...files, steps: 1, likeness: null, lossHistory: [] },
          },
        ],
        1,
      );
      expect(await deps.db.prisma.job.findUniqueOrThrow({ where: { id: jobId } })).toMatchObject({
        state: 'queued',
        attempt: 2,
      });
      expect(await deps.db.prisma.weights.count({ where: { trainingId } })).toBe(0);
    },
  );
  it('stores what the classifier said of each image, charges no blocked one, and says why it is missing', async () => {
    const generation = await claimedGeneration(2);
    const before = await money();
    const [shown, blocked] = generation.images;
    const object = await storeObject(generation, `image-${shown?.id}.png`);
    const verdict = { classifier: 'open-nsfw@0.1.0', score: 0.0123 };
    const results = [
      { status: 'succeeded', ...object, width: 128, height: 128, gpuMs: 1, safety: { ...verdict, verdict: 'passed' } },
      { status: 'failed', code: 'SAFETY_BLOCKED', safety: { ...verdict, score: 0.97, verdict: 'blocked' } },
    ] as const;
    const images = [shown, blocked].map((image, index) => ({ imageId: image?.id ?? '', result: results[index] }));
    const succeeded = { type: 'succeeded', ...head(generation), gpuMs: 1, training: null, images } as SucceededEvent;
    await deliver([succeeded], 1);
    const rows = await deps.db.prisma.image.findMany({
      where: { generationId: generation.id },
      orderBy: { position: 'asc' },
    });
    expect(rows.map(({ state, failureCode, storageKey, safety }) => [state, failureCode, storageKey, safety])).toEqual([
      ['ready', null, object.key, results[0].safety],
      ['failed', 'SAFETY_BLOCKED', null, results[1].safety],
    ]);
    const after = await money();
    expect(after.spentMicroUsd - before.spentMicroUsd).toBe(BigInt(PRICE));
    expect(before.heldMicroUsd - after.heldMicroUsd).toBe(2n * BigInt(PRICE));
    const view = await getGeneration(deps, actor, { id: generation.id });
    expect(view.images[1]?.failure).toMatchObject({
      code: 'SAFETY_BLOCKED',
      message: expect.stringContaining('sexual'),
    });
  });
});
