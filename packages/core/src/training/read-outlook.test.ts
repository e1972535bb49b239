import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { createReadyModel } from '../generation/testing.ts';
import { createModel } from '../models/write-model.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { readDrawOutlook, readOutlook } from './read-outlook.ts';

let stack: TestDeps;
let deps: Deps;
let actor: Actor;
beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
  actor = await createActor(deps);
});
afterAll(() => stack.close());

type Run = { preset?: string; state: 'queued' | 'running' | 'succeeded' | 'failed'; waitS?: number; ranS?: number };

/** A training of 100 steps with one job that was accepted, started and ended so long ago. */
async function training({ preset = 'fast', state, waitS = 0, ranS = 0 }: Run, owner = actor): Promise<string> {
  const { prisma, pool } = deps.db;
  const { id: modelId } = await createModel(deps, owner, { name: 'x', classWord: 'dog' });
  const order = { id: newId(), userId: owner.userId, modelId };
  await prisma.training.create({
    data: { ...order, profile: 'nano', preset, settings: { steps: 100 }, photoIds: [] },
  });
  const job = { id: newId(), userId: owner.userId, modelId, kind: 'train', trainingId: order.id, state };
  await prisma.job.create({ data: { ...job, deadlineAt: new Date() } });
  if (state === 'queued' || state === 'running') await prisma.liveJob.create({ data: { jobId: job.id, modelId } });
  const over = state === 'succeeded' || state === 'failed';
  await pool.query(
    `UPDATE "Job" SET "createdAt" = now() - ($2::float8 + $3::float8) * interval '1 second',
       "startedAt" = CASE WHEN state <> 'queued' THEN now() - $3::float8 * interval '1 second' END,
       "endedAt" = CASE WHEN $4::boolean THEN now() END WHERE id = $1`,
    [job.id, waitS, ranS, over],
  );
  return order.id;
}

it('tells the time left from earlier trainings of the same preset, whoever ordered them, and how many they were', async () => {
  const stranger = await createActor(deps);
  const waiting = await training({ state: 'queued', preset: 'best' });
  expect(await readOutlook(deps, actor, { id: waiting })).toMatchObject({ timeLeft: null, basedOn: 0 });
  for (const ranS of [100, 200, 300, 400])
    await training({ state: 'succeeded', preset: 'best', waitS: 50, ranS }, stranger);
  await training({ state: 'failed', preset: 'best', waitS: 1, ranS: 1 });
  await training({ state: 'succeeded', preset: 'balanced', waitS: 1, ranS: 1 });
  const { timeLeft, basedOn } = await readOutlook(deps, actor, { id: waiting });
  expect(basedOn).toBe(4);
  expect(Math.abs((timeLeft?.p50Ms ?? 0) - 250_000)).toBeLessThan(30_000);
  expect(Math.abs((timeLeft?.p90Ms ?? 0) - 450_000)).toBeLessThan(30_000);

  const running = await training({ state: 'running', preset: 'best', ranS: 70 });
  const early = await readOutlook(deps, actor, { id: running });
  expect(Math.abs((early.timeLeft?.p50Ms ?? 0) - 130_000)).toBeLessThan(30_000);
  const job = await deps.db.prisma.job.findFirstOrThrow({ where: { trainingId: running } });
  const at = new Date().toISOString();
  const place = { jobId: job.id, orderId: running, kind: 'train', attempt: 1, claimEpoch: 1 } as const;
  await deps.live.saveProgress({
    ...place,
    phase: 'training',
    step: 75,
    totalSteps: 100,
    loss: 0.1,
    imageIds: [],
    at,
    sentAtS: 1,
  });
  expect((await readOutlook(deps, actor, { id: running })).timeLeft?.p50Ms).toBeCloseTo(50_000, -1);
});

it('tells the place in the queue while there is one, over everybody’s jobs', async () => {
  await deps.db.pool.query('DELETE FROM "LiveJob"');
  const other = await createActor(deps);
  const ids = [];
  for (const owner of [other, actor, other, actor])
    ids.push([owner, await training({ state: 'queued' }, owner)] as const);
  const positions = [];
  for (const [owner, id] of ids) positions.push((await readOutlook(deps, owner, { id })).queuePosition);
  expect(positions).toEqual([1, 2, 3, 4]);
  const working = await training({ state: 'running' });
  expect((await readOutlook(deps, actor, { id: working })).queuePosition).toBeNull();
});

it('tells nothing of a training that has ended, and of a foreign one as little as of an absent one', async () => {
  const done = await training({ state: 'succeeded', ranS: 10 });
  expect(await readOutlook(deps, actor, { id: done })).toMatchObject({ queuePosition: null, timeLeft: null });
  const stranger = await createActor(deps);
  const foreign = await readOutlook(deps, stranger, { id: done }).catch((error: unknown) => error);
  expect(foreign).toMatchObject({ code: 'NOT_FOUND' });
  expect(foreign).toEqual(await readOutlook(deps, stranger, { id: newId() }).catch((error: unknown) => error));
});

/** An order of images of 10 steps each, whose job was accepted, started and ended so long ago. */
async function drawing(
  modelId: string,
  images: number,
  { state, waitS = 0, ranS = 0 }: Run,
  owner = actor,
): Promise<string> {
  const { prisma, pool } = deps.db;
  const weights = await prisma.weights.findFirstOrThrow({ where: { modelId } });
  const order = { id: newId(), userId: owner.userId, modelId };
  const planned = Array.from({ length: images }, () => ({ imageId: newId(), prompt: '', compiledPrompt: '', seed: 1 }));
  const settings = { negativePrompt: '', seed: 1, steps: 10, guidance: 1, width: 64, height: 64, loraWeight: 1 };
  await prisma.generation.create({ data: { ...order, ...settings, weightsId: weights.id, prompt: 'rain', planned } });
  const job = { id: newId(), userId: owner.userId, modelId, kind: 'generate', generationId: order.id, state };
  await prisma.job.create({ data: { ...job, deadlineAt: new Date() } });
  if (state === 'queued' || state === 'running') await prisma.liveJob.create({ data: { jobId: job.id } });
  await pool.query(
    `UPDATE "Job" SET "createdAt" = now() - ($2::float8 + $3::float8) * interval '1 second',
       "startedAt" = CASE WHEN state <> 'queued' THEN now() - $3::float8 * interval '1 second' END,
       "endedAt" = CASE WHEN $4::boolean THEN now() END WHERE id = $1`,
    [job.id, waitS, ranS, state === 'succeeded'],
  );
  return order.id;
}

it('tells the place and the time left of pictures, by their number and steps, from those of the same base model', async () => {
  await deps.db.pool.query('DELETE FROM "LiveJob"');
  const stranger = await createActor(deps);
  const [mine, theirs] = [await createReadyModel(deps, actor), await createReadyModel(deps, stranger)];
  const first = await drawing(theirs, 1, { state: 'queued' }, stranger);
  const second = await drawing(mine, 4, { state: 'queued' });
  expect(await readDrawOutlook(deps, actor, { id: second })).toEqual({ queuePosition: 2, timeLeft: null, basedOn: 0 });
  expect((await readDrawOutlook(deps, stranger, { id: first })).queuePosition).toBe(1);

  // Twenty seconds an image, whatever the order's size.
  for (const images of [1, 2, 4]) await drawing(theirs, images, { state: 'succeeded', ranS: 20 * images }, stranger);
  const other = await createReadyModel(deps, stranger);
  await deps.db.prisma.weights.updateMany({ where: { modelId: other }, data: { profile: 'sdxl' } });
  await drawing(other, 1, { state: 'succeeded', ranS: 5_000 }, stranger);
  const waiting = await readDrawOutlook(deps, actor, { id: second });
  expect(waiting.basedOn).toBe(3);
  expect(Math.abs((waiting.timeLeft?.p90Ms ?? 0) - 80_000)).toBeLessThan(2_000);

  const running = await drawing(mine, 4, { state: 'running', ranS: 30 });
  const started = await readDrawOutlook(deps, actor, { id: running });
  expect(started.queuePosition).toBeNull();
  expect(Math.abs((started.timeLeft?.p50Ms ?? 0) - 50_000)).toBeLessThan(10_000);
  const image = { userId: actor.userId, modelId: mine, generationId: running, prompt: '', compiledPrompt: '', seed: 1 };
  for (const position of [0, 1, 2])
    await deps.db.prisma.image.create({
      data: {
        ...image,
        id: newId(),
        position,
        state: 'ready',
        storageKey: newId(),
        sizeBytes: 1,
        sha256: 'x',
        width: 64,
        height: 64,
      },
    });
  // Three of four are there: the share that is left, not the clock, decides.
  expect((await readDrawOutlook(deps, actor, { id: running })).timeLeft?.p50Ms).toBeCloseTo(20_000, -3);
  await expect(readDrawOutlook(deps, stranger, { id: running })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
