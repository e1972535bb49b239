import { createHash } from 'node:crypto';
import { newId, type SucceededEvent } from '@pixgen/domain';
import { keys, type Storage } from '@pixgen/storage';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { getGeneration } from '../generation/read-generations.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { createReadyModel, signEvent } from '../generation/testing.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { applyEvents } from './apply-events.ts';
import { claimSecret } from './gpu-secrets.ts';
import { move } from './next-move.ts';
import { receiveGpuEvent } from './receive-gpu-event.ts';

const BYTES = Buffer.from('a finished image');
const SHA256 = createHash('sha256').update(BYTES).digest('base64');

let test: TestDeps;
let deps: Deps;
let actor: Actor;
let modelId: string;
beforeAll(async () => {
  test = await createTestDeps();
  ({ deps } = test);
  actor = await createActor(deps);
  modelId = await createReadyModel(deps, actor);
});
afterAll(() => test.close());

/** A claimed generation of one image, and the event that ends it well. */
async function atItsEnd() {
  const generation = await startGeneration(deps, actor, {
    modelId,
    prompt: 'rain',
    n: 1,
    negativePrompt: '',
    loraWeight: 1,
    idempotencyKey: newId(),
  });
  const claim = { jobId: generation.job.id, attempt: 1, claimEpoch: 1 };
  await deps.jobs.move(move(claim.jobId, 1, 'dispatching'));
  await deps.jobs.claim({ jobId: claim.jobId, attempt: 1, callId: 'call' });
  const imageId = generation.images[0]?.id ?? '';
  const key = keys.gpuObject({ userId: actor.userId, ...claim, name: `image-${imageId}.png` });
  const drawn = { key, sizeBytes: BYTES.length, sha256: SHA256, width: 128, height: 128, gpuMs: 1, safety: null };
  const event: SucceededEvent = {
    type: 'succeeded',
    ...claim,
    gpuMs: 1,
    training: null,
    images: [{ imageId, result: { status: 'succeeded', ...drawn } }],
  };
  return { generation, claim, key, event };
}

/** Sends the event as a GPU does. @returns the task that it became */
async function receive(event: SucceededEvent, head: Storage['head']) {
  const { jobId, attempt, claimEpoch } = event;
  const secret = claimSecret(deps.config.ticketKey, jobId, attempt, claimEpoch);
  const seenThrough = { ...deps, storage: { ...deps.storage, head } };
  await receiveGpuEvent(seenThrough, signEvent(secret, event));
  const queue = deps.producer.queues.find(({ name }) => name === 'apply-events');
  return vi.waitFor(
    async () => {
      const task = (await queue?.getJobs(['waiting']))?.find(({ data }) => data.jobIds.includes(jobId));
      expect(task).toBeDefined();
      return task?.data as { eventIds: string[]; seen: string[] };
    },
    { timeout: 10_000 },
  );
}

it('looks once at the picture that ends a generation', async () => {
  const { generation, key, event } = await atItsEnd();
  await deps.storage.write(key, BYTES, 'image/png');
  const { sha256 } = (await deps.storage.head(key)) ?? {};
  const head = vi.fn(async () => ({ sizeBytes: BYTES.length, contentType: 'image/png', sha256: sha256 ?? SHA256 }));
  const task = await receive(event, head);
  expect(task.seen).toEqual([key]);
  await applyEvents({ ...deps, storage: { ...deps.storage, head } }, task.eventIds, task.seen);
  expect(head).toHaveBeenCalledTimes(1);
  expect((await getGeneration(deps, actor, { id: generation.id })).job.state).toBe('succeeded');
});

it.each<[string, Storage['head']]>([
  ['is not there', async () => null],
  ['has another length', async () => ({ sizeBytes: 1, contentType: 'image/png', sha256: SHA256 })],
  ['has another checksum', async () => ({ sizeBytes: BYTES.length, contentType: 'image/png', sha256: 'another' })],
  ['has no checksum', async () => ({ sizeBytes: BYTES.length, contentType: 'image/png', sha256: null })],
  ['cannot be asked for', () => Promise.reject(new Error('the store is away'))],
  ['is not told of', () => new Promise(() => undefined)],
])('leaves a picture that %s to the worker, which judges for itself', async (_, head) => {
  const { generation, event } = await atItsEnd();
  const task = await receive(event, head);
  expect(task.seen).toEqual([]);
  await applyEvents(deps, task.eventIds, task.seen);
  const { job, images } = await getGeneration(deps, actor, { id: generation.id });
  expect(job).toMatchObject({ state: 'failed', costMicroUsd: 0 });
  expect(images[0]).toMatchObject({ state: 'failed', failure: { code: 'UPLOAD_FAILED' } });
});

/** What a claim that turned bad may know of: its own person's other jobs, and other people's. */
it.each<[string, (claim: { jobId: string; attempt: number; claimEpoch: number }) => Promise<string>]>([
  [
    'another job',
    async () => {
      const other = await atItsEnd();
      return other.key;
    },
  ],
  [
    'an older claim of the same attempt',
    async (claim) => keys.gpuObject({ userId: actor.userId, ...claim, name: 'image.png' }),
  ],
  [
    'somebody else, under the name of this job',
    async (claim) => keys.gpuObject({ userId: newId(), ...claim, claimEpoch: 2, name: 'image.png' }),
  ],
  ['a person, who sent it as a photo', async () => keys.photo(actor.userId, modelId, newId())],
])('never takes the object of %s for a result, however well it fits', async (_, keyOf) => {
  const { generation, claim, event } = await atItsEnd();
  const key = await keyOf(claim);
  await deps.storage.write(key, BYTES, 'image/png');
  await deps.jobs.claim({ jobId: claim.jobId, attempt: 1, callId: 'call' });
  const ofSecondClaim: SucceededEvent = {
    ...event,
    claimEpoch: 2,
    images: event.images.map(({ imageId, result }) => ({ imageId, result: { ...result, key } })),
  };
  const there = { sizeBytes: BYTES.length, contentType: 'image/png', sha256: SHA256 };
  const { eventIds, seen } = await receive(ofSecondClaim, async () => there);
  // Told that it was found, too: the judge must not trust the one who looked.
  await applyEvents(deps, eventIds, [...seen, key]);
  const { job, images } = await getGeneration(deps, actor, { id: generation.id });
  expect(job).toMatchObject({ state: 'failed', costMicroUsd: 0 });
  expect(images[0]).toMatchObject({ state: 'failed', failure: { code: 'UPLOAD_FAILED' } });
  const row = await deps.db.prisma.image.findUniqueOrThrow({ where: { id: images[0]?.id ?? '' } });
  expect(row.storageKey).toBeNull();
});

it('looks ahead at nothing that its claim may not have written', async () => {
  const other = await atItsEnd();
  const { event } = await atItsEnd();
  const head = vi.fn(async () => ({ sizeBytes: BYTES.length, contentType: 'image/png', sha256: SHA256 }));
  const images = event.images.map(({ imageId, result }) => ({ imageId, result: { ...result, key: other.key } }));
  const task = await receive({ ...event, images }, head);
  expect(head).not.toHaveBeenCalled();
  expect(task.seen).toEqual([]);
});
