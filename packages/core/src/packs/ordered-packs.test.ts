import { createHash } from 'node:crypto';
import { moveJobs } from '@pixgen/db';
import { CONSENT, newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import type { GpuBackend } from '../gpu/gpu-backend.ts';
import { move } from '../jobs/next-move.ts';
import { reconcile } from '../jobs/reconcile.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { cancelTraining } from '../training/change-training.ts';
import { startTraining } from '../training/start-training.ts';
import { getPackOrder, startOrderedPack } from './start-ordered-pack.ts';

const IMAGE_MICRO_USD = 1_000;
const TRAIN_MICRO_USD = 10_000;
const SLUG = 'cinematic-portraits';

let test: TestDeps;
let deps: Deps;
let actor: Actor;
beforeAll(async () => {
  test = await createTestDeps({ prices: { trainMicroUsd: TRAIN_MICRO_USD, imageMicroUsd: IMAGE_MICRO_USD } });
  ({ deps } = test);
  actor = await createActor(deps);
});
afterAll(() => test.close());

/** No call is under way here of which a provider could be asked. */
const unasked: GpuBackend = {
  name: 'unasked',
  submit: () => Promise.reject(new Error('nothing is submitted here')),
  status: () => Promise.reject(new Error('nothing is asked here')),
  cancel: async () => undefined,
  close: async () => undefined,
};

/** A draft with five checked photos and a consent. */
async function createDraft(): Promise<string> {
  const { prisma } = deps.db;
  const { userId } = actor;
  const modelId = newId();
  const triggerWord = `sks_${modelId.slice(-6)}`;
  await prisma.model.create({ data: { id: modelId, userId, name: 'Rex', classWord: 'dog', triggerWord } });
  const text = { textVersion: CONSENT.version, textHash: 'x' };
  await prisma.consent.create({ data: { id: newId(), userId, modelId, subject: 'not-a-person', ...text } });
  const photo = { contentType: 'image/jpeg', sizeBytes: 3, state: 'ready', width: 600, height: 600 };
  for (let number = 0; number < 5; number += 1) {
    const sourceSha256 = createHash('sha256').update(`${modelId}${number}`).digest('base64');
    const data = { id: newId(), userId, modelId, fileName: 'a.jpg', ...photo, sha256: sourceSha256, sourceSha256 };
    await prisma.photo.create({ data });
  }
  return modelId;
}

async function order(pack: { slug: string; n: number } = { slug: SLUG, n: 2 }) {
  const modelId = await createDraft();
  const input = { modelId, preset: 'fast', overrides: {}, pack, idempotencyKey: newId() } as const;
  const training = await startTraining(deps, actor, input);
  return { modelId, training, input };
}

const read = async (trainingId: string) => (await getPackOrder(deps, actor, { trainingId })).order;
const money = () =>
  deps.db.prisma.user.findUniqueOrThrow({
    where: { id: actor.userId },
    select: { heldMicroUsd: true, spentMicroUsd: true },
  });
const tasksOf = (id: string) => deps.db.prisma.outbox.count({ where: { task: 'start-pack', id } });

/** The training ends well, with weights, as the apply step writes it. */
async function succeed(training: { id: string; modelId: string; job: { id: string } }): Promise<void> {
  const { userId } = actor;
  const file = { storageKey: `o/${newId()}`, sizeBytes: 1, sha256: 'x', profile: 'nano', step: 1, final: true };
  const { id: trainingId, modelId } = training;
  await deps.db.prisma.weights.create({ data: { id: newId(), userId, modelId, trainingId, ...file } });
  await moveJobs(deps.db.pool, [move(training.job.id, 1, 'dispatching')]);
  await moveJobs(deps.db.pool, [move(training.job.id, 1, 'succeeded', { costMicroUsd: TRAIN_MICRO_USD })]);
}

it('starts exactly once when the training succeeds, and is paid for once', async () => {
  const before = await money();
  const { training, input } = await order();
  expect(await read(training.id)).toMatchObject({ state: 'waiting', n: 2, generationId: null });
  // The same call again is the same order.
  expect((await startTraining(deps, actor, input)).id).toBe(training.id);
  expect(await deps.db.prisma.packOrder.count({ where: { trainingId: training.id } })).toBe(1);
  const waiting = await read(training.id);
  const packOrderId = waiting?.id ?? '';
  // Too early: nothing happens.
  await startOrderedPack(deps, { packOrderId });
  expect((await read(training.id))?.state).toBe('waiting');

  await succeed(training);
  expect((await read(training.id))?.state).toBe('due');
  expect(await tasksOf(packOrderId)).toBe(1);
  await Promise.all(Array.from({ length: 5 }, () => startOrderedPack(deps, { packOrderId })));
  const started = await read(training.id);
  expect(started).toMatchObject({ state: 'started', refusal: null });
  // A worker that died between the run and its note does it all again.
  await deps.db.prisma.packOrder.update({ where: { id: packOrderId }, data: { state: 'due', generationId: null } });
  await startOrderedPack(deps, { packOrderId });
  expect((await read(training.id))?.generationId).toBe(started?.generationId);

  const runs = await deps.db.prisma.generation.findMany({
    where: { modelId: training.modelId },
    include: { jobs: true },
  });
  expect(runs.map(({ id, jobs }) => [id, jobs.length])).toEqual([[started?.generationId, 1]]);
  const images = started?.images ?? 0;
  expect(images).toBeGreaterThan(2);
  const after = await money();
  expect(Number(after.heldMicroUsd - before.heldMicroUsd)).toBe(images * IMAGE_MICRO_USD);
  expect(Number(after.spentMicroUsd - before.spentMicroUsd)).toBe(TRAIN_MICRO_USD);
});

it('is put on the queue again when its task is lost, once in five minutes, and never before its training has ended', async () => {
  const [waiting, lost, fresh] = [await order(), await order(), await order()];
  for (const { training } of [lost, fresh]) await succeed(training);
  const idOf = async ({ training }: { training: { id: string } }) => (await read(training.id))?.id ?? '';
  const [waitingId, lostId] = [await idOf(waiting), await idOf(lost)];
  await deps.db.prisma.outbox.deleteMany();
  const sixMinutesAgo = new Date(Date.now() - 6 * 60_000);
  await deps.db.prisma.packOrder.updateMany({
    where: { id: { in: [waitingId, lostId] } },
    data: { updatedAt: sixMinutesAgo },
  });
  const pass = async (): Promise<unknown[]> => {
    const added: { task: string; payload: unknown }[] = [];
    const producer: Deps['producer'] = { ...deps.producer, add: async (tasks) => void added.push(...tasks) };
    await reconcile({ ...deps, producer }, unasked);
    return added.flatMap(({ task, payload }) => (task === 'start-pack' ? [payload] : []));
  };
  await pass(); // The first one of an installation takes its queues for lost, and asks for everything at once.
  await deps.db.prisma.packOrder.updateMany({
    where: { id: { in: [waitingId, lostId] } },
    data: { updatedAt: sixMinutesAgo },
  });
  expect(await pass()).toEqual([{ packOrderId: lostId }]);
  expect(await pass()).toEqual([]);
});

it.each(['cancelled', 'failed', 'expired'] as const)('is let go when the training ends %s', async (end) => {
  const before = await money();
  const { training } = await order();
  if (end === 'cancelled') await cancelTraining(deps, actor, { id: training.id });
  else await moveJobs(deps.db.pool, [move(training.job.id, 1, end, { cause: 'DEADLINE' })]);
  const released = await read(training.id);
  expect(released?.state).toBe('released');
  await startOrderedPack(deps, { packOrderId: released?.id ?? '' });
  expect(await deps.db.prisma.generation.count({ where: { modelId: training.modelId } })).toBe(0);
  expect(await tasksOf(released?.id ?? '')).toBe(0);
  expect(await money()).toEqual(before);
});

it('says why it did not start when the budget has no room for it, and holds nothing', async () => {
  const { training } = await order();
  const { heldMicroUsd, spentMicroUsd } = await money();
  await deps.db.prisma.user.update({
    where: { id: actor.userId },
    data: { budgetLimitMicroUsd: heldMicroUsd + spentMicroUsd },
  });
  await succeed(training);
  const due = await read(training.id);
  await startOrderedPack(deps, { packOrderId: due?.id ?? '' });
  await deps.db.prisma.user.update({ where: { id: actor.userId }, data: { budgetLimitMicroUsd: null } });
  expect(await read(training.id)).toMatchObject({
    state: 'refused',
    generationId: null,
    refusal: { code: 'QUOTA_EXCEEDED', message: expect.stringContaining('budget') },
  });
});

it('cannot be ordered for a pack that is not there, and then nothing is started', async () => {
  const before = [await money(), await deps.db.prisma.training.count()];
  await expect(order({ slug: 'no-such-pack', n: 1 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect([await money(), await deps.db.prisma.training.count()]).toEqual(before);
});

it('is nobody else’s to see, and goes with its model', async () => {
  const { training, modelId } = await order();
  const stranger = await createActor(deps);
  await expect(getPackOrder(deps, stranger, { trainingId: training.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await cancelTraining(deps, actor, { id: training.id });
  await deps.db.prisma.model.delete({ where: { id: modelId } });
  expect(await deps.db.prisma.packOrder.count({ where: { trainingId: training.id } })).toBe(0);
});
