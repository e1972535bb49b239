/**
 * Terminal states absorb and progress never falls, whatever the order. `TEST_DOSE=full` delivers all 5,040 orders of seven
 * events and 10,000 drawn ones; without it a tenth of the former and some of the latter.
 */
import { createHash } from 'node:crypto';
import { AppError, type DurableGpuEvent, type GenerationView, type GpuEvent, isDurable, newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { createReadyModel, signEvent } from '../generation/testing.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { applyEvents } from './apply-events.ts';
import { claimSecret } from './gpu-secrets.ts';
import { move } from './next-move.ts';
import { receiveGpuEvent } from './receive-gpu-event.ts';

const FULL = process.env.TEST_DOSE === 'full';
const SEED = 20261122;
const RANDOM_ORDERS = FULL ? 10_000 : 120;
const EVERY = FULL ? 1 : 20;
/** Jobs that go through their orders side by side: their events share transactions, as they do under load. */
const SIDE_BY_SIDE = 60;
const PRICE = 1_000;
const BYTES = Buffer.from('a finished image');
const OBJECT = { sizeBytes: BYTES.length, sha256: createHash('sha256').update(BYTES).digest('base64') };

const EVENTS = ['progress 1', 'progress 2', 'progress 3', 'done', 'failed', 'duplicate', 'old attempt'] as const;
type Name = (typeof EVENTS)[number];

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

it('ends each job once, by the first end that its attempt tells, and never shows less progress than before', {
  timeout: FULL ? 3_600_000 : 120_000,
}, async () => {
  const orders = [
    ...permutations(EVENTS).filter((_, index) => index % EVERY === SEED % EVERY),
    ...randomOrders(RANDOM_ORDERS),
  ];
  for (let start = 0; start < orders.length; start += SIDE_BY_SIDE)
    await deliverSideBySide(orders.slice(start, start + SIDE_BY_SIDE));
  const user = await deps.db.prisma.user.findUniqueOrThrow({ where: { id: actor.userId } });
  const succeeded = await deps.db.prisma.job.count({ where: { kind: 'generate', state: 'succeeded' } });
  expect(user.heldMicroUsd).toBe(0n);
  expect(user.spentMicroUsd).toBe(BigInt(succeeded * PRICE));
  expect(await deps.db.prisma.gpuEvent.count({ where: { appliedAt: null } })).toBe(0);
});

async function deliverSideBySide(orders: Name[][]): Promise<void> {
  const jobs = await Promise.all(orders.map(async (order) => ({ order, ...(await secondAttempt()) })));
  const shown = new Map<string, { state: string; step: number }>();
  const longest = Math.max(...orders.map((order) => order.length));
  for (let turn = 0; turn < longest; turn += 1) {
    const rows: DurableGpuEvent[] = [];
    await Promise.all(
      jobs.map(async ({ order, events }) => {
        const name = order[turn];
        if (name === undefined) return;
        const event = events[name];
        if (isDurable(event)) rows.push(event);
        else await receive(event);
      }),
    );
    await store(rows);
    const jobIds = jobs.map(({ jobId }) => jobId);
    const now = await deps.db.prisma.job.findMany({ where: { id: { in: jobIds } }, select: { id: true, state: true } });
    const progress = await deps.live.readProgress(jobIds);
    for (const { id, state } of now) {
      const before = shown.get(id);
      const step = progress.get(id)?.step ?? 0;
      expect(step).toBeGreaterThanOrEqual(before?.step ?? 0);
      if (before && before.state !== 'running') expect(state).toBe(before.state);
      shown.set(id, { state, step });
    }
  }
  for (const { jobId, order } of jobs) {
    const end = order.find((name) => name === 'done' || name === 'duplicate' || name === 'failed');
    const state = end === undefined ? 'running' : end === 'failed' ? 'failed' : 'succeeded';
    expect([order, shown.get(jobId)?.state]).toEqual([order, state]);
    // A job that no event has ended would keep its hold, and the sum at the end would say so.
    if (end === undefined) await deps.jobs.move(move(jobId, 2, 'cancelled', { cause: 'CANCELLED_BY_USER' }));
  }
  const ends = await deps.db.prisma.jobEvent.groupBy({
    by: ['jobId'],
    where: { jobId: { in: jobs.map(({ jobId }) => jobId) }, type: { in: ['succeeded', 'failed', 'cancelled'] } },
    _count: true,
  });
  expect(ends.map(({ _count }) => _count)).toEqual(jobs.map(() => 1));
}

/** A generation of one image in its second attempt, with what each event of an order says of it. */
async function secondAttempt(): Promise<{ jobId: string; events: Record<Name, GpuEvent> }> {
  const order = { modelId, prompt: 'rain', n: 1, negativePrompt: '', loraWeight: 1, idempotencyKey: newId() };
  const generation: GenerationView = await startGeneration(deps, actor, order);
  const jobId = generation.job.id;
  const [image] = generation.images;
  if (!image) throw new Error('one image was planned');
  for (const attempt of [1, 2]) {
    await deps.jobs.move(move(jobId, attempt, 'dispatching'));
    await deps.jobs.claim({ jobId, attempt, callId: `call-${attempt}` });
    if (attempt === 1) await deps.jobs.move(move(jobId, attempt, 'queued', { cause: 'GPU_LOST' }));
  }
  const head = { jobId, attempt: 2, claimEpoch: 1 };
  const key = keys.gpuObject({ userId: actor.userId, ...head, name: `image-${image.id}.png` });
  await deps.storage.write(key, BYTES, 'image/png');
  const result = { status: 'succeeded', key, ...OBJECT, width: 64, height: 64, gpuMs: 1, safety: null } as const;
  const done = {
    type: 'succeeded',
    ...head,
    gpuMs: 1,
    training: null,
    images: [{ imageId: image.id, result }],
  } as const;
  const failed = { type: 'failed', ...head, gpuMs: 1, code: 'GPU_INTERNAL', retryable: false } as const;
  const progress = (step: number): GpuEvent => ({
    type: 'progress',
    ...head,
    phase: 'sampling',
    step,
    totalSteps: 3,
    loss: null,
    imageIds: [],
  });
  return {
    jobId,
    events: {
      'progress 1': progress(1),
      'progress 2': progress(2),
      'progress 3': progress(3),
      done: { ...done, images: [...done.images] },
      failed,
      duplicate: { ...done, images: [...done.images] },
      'old attempt': { ...failed, attempt: 1 },
    },
  };
}

/** Through the webhook; a job that has ended answers 410. */
async function receive(event: Exclude<GpuEvent, DurableGpuEvent>): Promise<void> {
  const { jobId, attempt, claimEpoch } = event;
  const secret = claimSecret(deps.config.ticketKey, jobId, attempt, claimEpoch);
  await receiveGpuEvent(deps, signEvent(secret, event)).catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'GONE')) throw error;
  });
}

/** Into the inbox as if the webhook had let them pass, and through the apply step in one batch. */
async function store(events: DurableGpuEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = await deps.db.prisma.gpuEvent.createManyAndReturn({
    data: events.map((event) => ({
      jobId: event.jobId,
      webhookId: `msg_${newId()}`,
      attempt: event.attempt,
      claimEpoch: event.claimEpoch,
      payload: event,
    })),
    select: { id: true },
  });
  await applyEvents(
    deps,
    rows.map(({ id }) => String(id)),
  );
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first, index) => permutations(items.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

/** Seven to twelve events each, any of them any number of times. */
function randomOrders(count: number): Name[][] {
  let state = SEED;
  const below = (limit: number): number => {
    // Lehmer's generator: enough for orders, and the same on every machine.
    state = (state * 48_271) % 0x7fffffff;
    return state % limit;
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 7 + below(6) }, () => EVENTS[below(EVENTS.length)] ?? 'done'),
  );
}
