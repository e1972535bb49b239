import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcceptRequest } from './accept-jobs.ts';
import { createFenceReader } from './claims.ts';
import { createJobStore, type JobStore } from './job-store.ts';
import {
  countRows,
  createOwner,
  createTestDb,
  moveTo,
  NO_HOOKS,
  newOrder,
  newTrainingOrder,
  runJob,
  type TestDb,
  type TestOwner,
} from './testing.ts';

let db: TestDb;
let drop: () => Promise<void>;
let store: JobStore;
let owner: TestOwner;

beforeAll(async () => {
  ({ db, drop } = await createTestDb());
  store = createJobStore(db.pool, NO_HOOKS);
});
afterAll(() => drop());
beforeEach(async () => {
  owner = await createOwner(db);
});

const order = (changes: Partial<AcceptRequest> = {}): AcceptRequest => newOrder(owner, changes);
const running = (changes: Partial<AcceptRequest> = {}): Promise<string> => runJob(store, newOrder(owner, changes));
const findJob = (id: string) => db.prisma.job.findUniqueOrThrow({ where: { id } });

describe('claiming', () => {
  it('gives an attempt to exactly one of many calls', async () => {
    const request = order();
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.claim({ jobId: request.jobId, attempt: 1, callId: `call-${n}` })),
    );
    expect(answers.filter((answer) => answer.outcome === 'claimed')).toHaveLength(1);
    expect(answers.filter((answer) => answer.outcome === 'taken')).toHaveLength(19);
  });

  it('counts each claim of the same call as a new epoch and ends after three', async () => {
    const jobId = await running();
    const again = () => store.claim({ jobId, attempt: 1, callId: 'call-1' });
    expect(await again()).toMatchObject({ outcome: 'claimed', claimEpoch: 2 });
    expect(await again()).toMatchObject({ outcome: 'claimed', claimEpoch: 3 });
    expect(await again()).toEqual({ outcome: 'too-many' });
  });

  it('refuses a claim of a finished job or an older attempt', async () => {
    const jobId = await running();
    await store.move(moveTo(jobId, 'queued'));
    expect((await store.claim({ jobId, attempt: 1, callId: 'call-1' })).outcome).toBe('gone');
    await store.move(moveTo(jobId, 'cancelled', { attempt: 2 }));
    expect((await store.claim({ jobId, attempt: 2, callId: 'call-1' })).outcome).toBe('gone');
  });
});

describe('a claim', () => {
  const dispatched = async (request: AcceptRequest): Promise<string> => {
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    return request.jobId;
  };
  const attemptOf = (jobId: string, attempt: number) =>
    db.prisma.jobAttempt.findUniqueOrThrow({ where: { jobId_attempt: { jobId, attempt } } });

  it('starts the job once, and says so once', async () => {
    const request = order();
    const jobId = await dispatched(request);
    const before = await findJob(jobId);
    const first = await store.claim({ jobId, attempt: 1, callId: 'call-1' });
    const event = { jobId, userId: owner.userId, kind: 'generate', orderId: request.orderId };
    expect(first).toMatchObject({ outcome: 'claimed', claimEpoch: 1, first: true, event });
    const started = await findJob(jobId);
    expect(started).toMatchObject({ state: 'running', version: before.version + 1, attempt: 1 });
    expect(started.startedAt).toEqual(started.stateSince);
    expect(started.updatedAt).toEqual(started.stateSince);
    expect(started.stateSince.getTime()).toBeGreaterThan(before.stateSince.getTime());
    const { claimedAt } = await attemptOf(jobId, 1);
    expect(claimedAt).toEqual(started.startedAt);
    expect(await store.claim({ jobId, attempt: 1, callId: 'call-1' })).toMatchObject({ first: false, event: null });
    const again = await findJob(jobId);
    expect(again).toMatchObject({ state: 'running', version: before.version + 2 });
    expect([again.startedAt, again.stateSince]).toEqual([started.startedAt, started.stateSince]);
    expect(await attemptOf(jobId, 1)).toMatchObject({ claimedAt, claimEpoch: 2, claimedCallId: 'call-1' });
    expect(await db.prisma.jobEvent.count({ where: { jobId, type: 'running' } })).toBe(1);
  });

  it('of a batch is of its own job and attempt, and answered for itself', async () => {
    const [one, two, untouched] = [await dispatched(order()), await running(), await dispatched(order())];
    await store.move(moveTo(two, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(two, 'dispatching', { attempt: 2 }));
    const [first, old, second, other, unknown] = await Promise.all([
      store.claim({ jobId: one, attempt: 1, callId: 'call-3' }),
      store.claim({ jobId: two, attempt: 1, callId: 'call-1' }),
      store.claim({ jobId: two, attempt: 2, callId: 'call-4' }),
      store.claim({ jobId: two, attempt: 3, callId: 'call-4' }),
      store.claim({ jobId: newId(), attempt: 1, callId: 'call-5' }),
    ]);
    expect(first).toMatchObject({ outcome: 'claimed', claimEpoch: 1, event: { jobId: one }, work: { jobId: one } });
    expect(second).toMatchObject({ outcome: 'claimed', claimEpoch: 1, event: { jobId: two }, work: { jobId: two } });
    expect([old, other, unknown]).toEqual([{ outcome: 'gone' }, { outcome: 'gone' }, { outcome: 'gone' }]);
    expect(await attemptOf(two, 1)).toMatchObject({ claimedCallId: 'call-1', claimEpoch: 1 });
    expect(await attemptOf(untouched, 1)).toMatchObject({ claimedCallId: null, claimEpoch: 0, claimedAt: null });
    expect(await findJob(untouched)).toMatchObject({ state: 'dispatching', startedAt: null });
    const started = await db.prisma.jobEvent.findMany({ where: { jobId: { in: [one, two] }, type: 'running' } });
    expect(started.map(({ jobId, attempt }) => `${jobId} ${attempt}`).toSorted()).toEqual(
      [`${one} 1`, `${two} 1`, `${two} 2`].toSorted(),
    );
  });

  it('leaves an earlier attempt that nobody claimed as it was', async () => {
    const jobId = await dispatched(order());
    await store.move(moveTo(jobId, 'queued', { cause: 'NEVER_STARTED' }));
    await store.move(moveTo(jobId, 'dispatching', { attempt: 2 }));
    expect(await store.claim({ jobId, attempt: 2, callId: 'call-2' })).toMatchObject({ claimEpoch: 1 });
    expect(await attemptOf(jobId, 1)).toMatchObject({ claimedCallId: null, claimEpoch: 0 });
    expect(await attemptOf(jobId, 2)).toMatchObject({ claimedCallId: 'call-2', claimEpoch: 1 });
  });

  it('by another call is refused as taken, also when the first call has used up its three', async () => {
    const jobId = await running();
    const claim = (callId: string) => store.claim({ jobId, attempt: 1, callId });
    expect(await claim('call-2')).toEqual({ outcome: 'taken' });
    await claim('call-1');
    expect(await claim('call-2')).toEqual({ outcome: 'taken' });
    await claim('call-1');
    expect(await claim('call-1')).toEqual({ outcome: 'too-many' });
    expect(await claim('call-2')).toEqual({ outcome: 'taken' });
    expect(await attemptOf(jobId, 1)).toMatchObject({ claimedCallId: 'call-1', claimEpoch: 3 });
  });

  it('of a training names the training, and is refused before the job was dispatched', async () => {
    const request = newTrainingOrder(owner);
    await store.accept(request);
    const claim = () => store.claim({ jobId: request.jobId, attempt: 1, callId: 'call-1' });
    expect(await claim()).toEqual({ outcome: 'gone' });
    await store.move(moveTo(request.jobId, 'dispatching'));
    expect(await claim()).toMatchObject({
      outcome: 'claimed',
      event: { orderId: request.orderId, kind: 'train' },
      work: { kind: 'train', profile: 'nano' },
    });
  });
});

describe('the fence', () => {
  it('knows the newest attempt of each job, and who claimed it', async () => {
    const [waiting, training] = [order(), newTrainingOrder(owner)];
    await store.accept(waiting);
    await store.accept(training);
    const again = await running();
    await store.move(moveTo(again, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(again, 'dispatching', { attempt: 2 }));
    const claimed = await running();
    const fences = await Promise.all(
      [waiting.jobId, training.jobId, again, claimed, newId()].map((jobId) => store.readFence(jobId)),
    );
    const { userId } = owner;
    const unclaimed = { userId, claimEpoch: 0, claimedCallId: null };
    expect(fences).toEqual([
      { ...unclaimed, jobId: waiting.jobId, kind: 'generate', orderId: waiting.orderId, state: 'queued', attempt: 1 },
      { ...unclaimed, jobId: training.jobId, kind: 'train', orderId: training.orderId, state: 'queued', attempt: 1 },
      expect.objectContaining({ ...unclaimed, jobId: again, state: 'dispatching', attempt: 2 }),
      expect.objectContaining({ jobId: claimed, state: 'running', attempt: 1, claimEpoch: 1, claimedCallId: 'call-1' }),
      null,
    ]);
  });

  it('is read for the jobs that were asked for alone, and of these for their newest attempt', async () => {
    await running();
    const { seen, counting } = countRows(db);
    const jobId = await running();
    await store.move(moveTo(jobId, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(jobId, 'dispatching', { attempt: 2 }));
    expect(await createFenceReader(counting)(jobId)).toMatchObject({ jobId, attempt: 2 });
    expect(seen).toEqual([1]);
  });
});

describe('call ids', () => {
  const callsOf = async (jobId: string) =>
    (await db.prisma.jobAttempt.findFirstOrThrow({ where: { jobId, attempt: 1 } })).submittedCallIds.toSorted();

  it('are kept until somebody claims: each submitted one, once', async () => {
    const request = order();
    await store.accept(request);
    await store.move(moveTo(request.jobId, 'dispatching'));
    for (const callId of ['b', 'a', 'b']) store.recordCall({ jobId: request.jobId, attempt: 1, callId });
    await store.flush();
    store.recordCall({ jobId: request.jobId, attempt: 1, callId: 'c' });
    await store.flush();
    expect(await callsOf(request.jobId)).toEqual(['a', 'b', 'c']);
  });

  it('are kept with the attempt and the job that they were submitted for', async () => {
    const [one, two, three] = [await running(), await running(), await running()];
    await store.move(moveTo(two, 'queued', { cause: 'GPU_LOST' }));
    await store.move(moveTo(two, 'dispatching', { attempt: 2 }));
    store.recordCall({ jobId: one, attempt: 1, callId: 'of-one' });
    store.recordCall({ jobId: two, attempt: 2, callId: 'of-two' });
    store.recordCall({ jobId: newId(), attempt: 1, callId: 'of-none' });
    await store.flush();
    expect([await callsOf(one), await callsOf(two), await callsOf(three)]).toEqual([['of-one'], [], []]);
    const second = { jobId_attempt: { jobId: two, attempt: 2 } };
    expect(await db.prisma.jobAttempt.findUniqueOrThrow({ where: second })).toMatchObject({
      submittedCallIds: ['of-two'],
    });
  });

  it('are not written again when their call claimed, and are when another one did', async () => {
    const jobId = await running();
    store.recordCall({ jobId, attempt: 1, callId: 'call-1' });
    await store.flush();
    expect(await callsOf(jobId)).toEqual([]);
    store.recordCall({ jobId, attempt: 1, callId: 'call-2' });
    await store.flush();
    expect(await callsOf(jobId)).toEqual(['call-2']);
  });
});
