/** The reconciler's judgement of calls that nobody hears of: when an attempt is over, when it costs one, and when nothing is known. */
import { type CallStatus, DEADLINES, newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { createReadyModel } from '../generation/testing.ts';
import type { GpuBackend } from '../gpu/gpu-backend.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { move } from './next-move.ts';
import { reconcile } from './reconcile.ts';

const MINUTE_MS = 60_000;
const PENDING: CallStatus = { state: 'pending' };
const LOST: CallStatus = { state: 'lost', reason: 'gone' };

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
// Others' jobs would be judged, too.
beforeEach(() => deps.db.pool.query('TRUNCATE "LiveJob", "Outbox"'));

/** A provider that says the same of every call. */
const provider = (status: CallStatus): GpuBackend => ({
  name: 'fake',
  submit: () => Promise.reject(new Error('nothing is submitted here')),
  status: async () => status,
  cancel: async () => undefined,
  close: async () => undefined,
});

async function dispatched(): Promise<string> {
  const order = { modelId, prompt: 'rain', n: 1, negativePrompt: '', loraWeight: 1, idempotencyKey: newId() };
  const { job } = await startGeneration(deps, actor, order);
  await deps.db.pool.query('DELETE FROM "Outbox"');
  await deps.jobs.move(move(job.id, 1, 'dispatching'));
  deps.jobs.recordCall({ jobId: job.id, attempt: 1, callId: 'call' });
  await deps.jobs.flush();
  return job.id;
}

async function running(): Promise<string> {
  const jobId = await dispatched();
  await deps.jobs.claim({ jobId, attempt: 1, callId: 'call' });
  return jobId;
}

const letPass = (jobId: string, ms: number) =>
  deps.db.pool.query(`UPDATE "Job" SET "stateSince" = now() - $2 * interval '1 millisecond' WHERE id = $1`, [
    jobId,
    ms,
  ]);
const read = (jobId: string) =>
  deps.db.prisma.job.findUniqueOrThrow({ where: { id: jobId }, include: { attempts: true } });

/** What Redis knows, in ms before now; null: nothing. */
type Known = {
  heard: number | null;
  events: [from: number, to: number] | null;
  passes: [from: number, to: number] | null;
};
const LONG: [number, number] = [24 * 60 * MINUTE_MS, 0];
const NOW_MS = Date.UTC(2026, 10, 30);

/** Passes once, as if Redis knew exactly this. */
async function pass(jobId: string, known: Partial<Known>, gpu = provider(PENDING)): Promise<void> {
  const { heard, events, passes }: Known = { heard: null, events: LONG, passes: LONG, ...known };
  const span = (of: [number, number]) => ({ sinceMs: NOW_MS - of[0], untilMs: NOW_MS - of[1] });
  const live = {
    ...deps.live,
    keepSpan: async () => undefined,
    clockMs: async () => NOW_MS,
    readSpans: async () =>
      new Map(Object.entries({ events, passes }).flatMap(([name, of]) => (of ? [[name, span(of)] as const] : []))),
    readProgress: async () =>
      new Map(heard === null ? [] : [[jobId, { attempt: 1, heardAtMs: NOW_MS - heard } as never]]),
  };
  await reconcile({ ...deps, live }, gpu);
}

describe('a claimed attempt whose provider says that it works', () => {
  const HALF_MS = DEADLINES.generateJobMs / 2;
  it.each<[string, number, Partial<Known>, number]>([
    ['was heard a moment ago', 20 * MINUTE_MS, { heard: 5_000 }, 1],
    ['was heard and then stopped', 20 * MINUTE_MS, { heard: 4 * MINUTE_MS }, 2],
    ['has never been heard: its events may all be lost', 20 * MINUTE_MS, {}, 1],
    ['has never been heard for half of its time', HALF_MS + MINUTE_MS, {}, 2],
    ['cannot be known of: Redis lost its data', 20 * MINUTE_MS, { events: null, passes: null }, 1],
    ['was heard before the API was away', 20 * MINUTE_MS, { heard: 10 * MINUTE_MS, events: [MINUTE_MS, 0] }, 1],
    [
      'was heard before the API went away',
      20 * MINUTE_MS,
      { heard: 10 * MINUTE_MS, events: [60 * MINUTE_MS, MINUTE_MS] },
      1,
    ],
    ['was heard before Postgres was away', 20 * MINUTE_MS, { heard: 10 * MINUTE_MS, passes: [MINUTE_MS, 0] }, 1],
    [
      'is silent since an API is back for long',
      20 * MINUTE_MS,
      { heard: 10 * MINUTE_MS, events: [4 * MINUTE_MS, 0] },
      2,
    ],
    ['has never been heard, and nobody could hear', 50 * MINUTE_MS, { events: [MINUTE_MS, 0] }, 1],
  ])('that %s', async (_, inStateMs, known, attempt) => {
    const jobId = await running();
    await letPass(jobId, inStateMs);
    await pass(jobId, known);
    expect(await read(jobId)).toMatchObject({ attempt, state: attempt === 1 ? 'running' : 'queued' });
  });

  it('is never ended for silence while Redis does not answer', async () => {
    const jobId = await running();
    await letPass(jobId, 50 * MINUTE_MS);
    const away = () => Promise.reject(new Error('Redis is away'));
    const live = { ...deps.live, readProgress: away, readSpans: away, clockMs: away, keepSpan: away };
    await reconcile({ ...deps, live }, provider(PENDING));
    expect(await read(jobId)).toMatchObject({ attempt: 1, state: 'running' });
  });
});

describe('an attempt that no GPU claimed', () => {
  const delays = async (jobId: string) => {
    const { rows } = await deps.db.pool.query<{ payload: object; ms: number }>(
      `SELECT payload, 1000 * extract(epoch FROM "dueAt" - now())::float8 AS ms FROM "Outbox"
       WHERE task = 'dispatch' AND payload->>'jobId' = $1`,
      [jobId],
    );
    return rows;
  };

  it.each([
    ['is lost', LOST, MINUTE_MS],
    ['waited for a quarter of an hour', PENDING, 16 * MINUTE_MS],
  ])('and %s is handed out again without being used up, later each time', async (_, status, inStateMs) => {
    const jobId = await dispatched();
    const pauses: number[] = [];
    for (const callId of ['second', 'third', 'fourth', 'fifth', 'sixth']) {
      await letPass(jobId, inStateMs);
      await pass(jobId, {}, provider(status));
      const [row, ...others] = await delays(jobId);
      expect([row?.payload, others]).toEqual([{ jobId, attempt: 1 }, []]);
      pauses.push(row?.ms ?? 0);
      // It waits for its turn: nothing is added meanwhile.
      await letPass(jobId, inStateMs);
      await pass(jobId, {}, provider(status));
      expect(await delays(jobId)).toHaveLength(1);
      await deps.db.pool.query('DELETE FROM "Outbox"');
      deps.jobs.recordCall({ jobId, attempt: 1, callId });
      await deps.jobs.flush();
    }
    expect(await read(jobId)).toMatchObject({
      attempt: 1,
      state: 'dispatching',
      attempts: [{ attempt: 1, endedAt: null }],
    });
    for (const [index, pause] of pauses.slice(1).entries()) expect(pause).toBeGreaterThan(pauses[index] ?? 0);
    expect(pauses[0]).toBeGreaterThan(1_000);
    // Its first call comes to life after all: it claims, and nobody else can.
    expect(await deps.jobs.claim({ jobId, attempt: 1, callId: 'call' })).toMatchObject({ outcome: 'claimed' });
    expect(await deps.jobs.claim({ jobId, attempt: 1, callId: 'third' })).toMatchObject({ outcome: 'taken' });
  });

  it('is left alone until it is handed out, and asked for again only then', async () => {
    const jobId = await dispatched();
    await letPass(jobId, MINUTE_MS);
    await pass(jobId, {}, provider(LOST));
    const { stateSince } = await read(jobId);
    expect(stateSince.getTime()).toBeGreaterThan(Date.now() + 1_000);
  });

  it('ends at the deadline of its job', async () => {
    const jobId = await dispatched();
    await letPass(jobId, MINUTE_MS);
    await deps.db.prisma.job.update({ where: { id: jobId }, data: { deadlineAt: new Date(0) } });
    await pass(jobId, {}, provider(LOST));
    expect(await read(jobId)).toMatchObject({ attempt: 1, state: 'expired', failureCode: 'DEADLINE' });
  });

  it('is not what a claimed one is: that one is used up when its call is lost', async () => {
    const jobId = await running();
    await letPass(jobId, MINUTE_MS);
    await pass(jobId, {}, provider(LOST));
    expect(await read(jobId)).toMatchObject({ attempt: 2, state: 'queued' });
  });
});

describe('a pass', () => {
  it('goes on with deadlines and calls although nothing can be put on a queue', async () => {
    const [expired, lost] = [await running(), await running()];
    await deps.db.prisma.gpuEvent.create({
      data: { jobId: lost, webhookId: newId(), attempt: 1, claimEpoch: 1, payload: {}, receivedAt: new Date(0) },
    });
    await deps.db.prisma.job.update({ where: { id: expired }, data: { deadlineAt: new Date(0) } });
    for (const jobId of [expired, lost]) await letPass(jobId, MINUTE_MS);
    const producer = { ...deps.producer, add: () => Promise.reject(new Error('Redis is away')) };
    await reconcile({ ...deps, producer }, provider(LOST));
    expect((await read(expired)).state).toBe('expired');
    expect((await read(lost)).attempt).toBe(2);
  });

  it('looks at every live job, however many there are, and says that it goes on', async () => {
    const JOBS = 1_100;
    const jobId = await running();
    // All entered their state at once: a page begins behind an id, not only behind a moment.
    await deps.db.pool.query(
      `WITH copies AS (
         INSERT INTO "Job" (id, "userId", kind, "generationId", "modelId", state, attempt, "stateSince", "deadlineAt", "updatedAt")
         SELECT gen_random_uuid(), "userId", kind, "generationId", "modelId", 'running', 1, now() - interval '1 hour', to_timestamp(0), now()
         FROM "Job", generate_series(1, $2) WHERE id = $1 RETURNING id)
       INSERT INTO "LiveJob" ("jobId") SELECT id FROM copies`,
      [jobId, JOBS],
    );
    let signs = 0;
    await reconcile(deps, provider(PENDING), () => {
      signs += 1;
    });
    expect(await deps.db.prisma.job.count({ where: { state: 'running', deadlineAt: new Date(0) } })).toBe(0);
    expect(signs).toBeGreaterThan(JOBS);
  });

  it('after a loss of Redis has the calls ended whose tasks for it are gone with it, and no others', async () => {
    const [cancelled, again, done, goesOn] = [await running(), await running(), await running(), await running()];
    await deps.jobs.move(move(cancelled, 1, 'cancelled', { cause: 'CANCELLED_BY_USER' }));
    await deps.jobs.move(move(again, 1, 'queued', { cause: 'GPU_LOST' }));
    await deps.jobs.move(move(done, 1, 'succeeded'));
    const added: { task: string; payload: unknown }[] = [];
    const producer: Deps['producer'] = { ...deps.producer, add: async (tasks) => void added.push(...tasks) };
    await deps.live.cache.drop('queues-are-whole');
    await reconcile({ ...deps, producer }, provider(PENDING));
    const ours = [cancelled, again, done, goesOn];
    const ended = added.flatMap(({ task, payload }) => (task === 'cancel-calls' ? [payload as { jobId: string }] : []));
    expect(
      ended
        .filter(({ jobId }) => ours.includes(jobId))
        .toSorted((a, b) => ours.indexOf(a.jobId) - ours.indexOf(b.jobId)),
    ).toEqual([
      { jobId: cancelled, attempt: 1 },
      { jobId: again, attempt: 1 },
    ]);
    added.length = 0;
    await reconcile({ ...deps, producer }, provider(PENDING));
    expect(added.filter(({ task }) => task === 'cancel-calls')).toEqual([]);
  });
});
