import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcceptRequest } from './accept-jobs.ts';
import { createJobStore, type JobStore } from './job-store.ts';
import {
  createOwner,
  createTestDb,
  moveTo,
  NO_HOOKS,
  newOrder,
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

const running = (changes: Partial<AcceptRequest> = {}): Promise<string> => runJob(store, newOrder(owner, changes));

describe('the inbox', () => {
  const event = (jobId: string, claimEpoch = 1) => ({
    type: 'failed' as const,
    jobId,
    attempt: 1,
    claimEpoch,
    gpuMs: 1,
    code: 'GPU_LOST' as const,
    retryable: true,
  });

  it('stores an event once however often it is sent', async () => {
    const jobId = await running();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => store.storeEvent({ webhookId: 'msg_1', event: event(jobId) })),
    );
    expect(new Set(answers.map((answer) => answer.outcome))).toContain('stored');
    expect(await db.prisma.gpuEvent.count({ where: { jobId } })).toBe(1);
    expect((await store.storeEvent({ webhookId: 'msg_1', event: event(jobId) })).outcome).toBe('duplicate');
  });

  it('refuses events of an older epoch, an unknown job and a finished one', async () => {
    const jobId = await running();
    await store.claim({ jobId, attempt: 1, callId: 'call-1' });
    expect((await store.storeEvent({ webhookId: 'msg_2', event: event(jobId, 1) })).outcome).toBe('gone');
    expect((await store.storeEvent({ webhookId: 'msg_2', event: event(newId(), 1) })).outcome).toBe('gone');
    await store.move(moveTo(jobId, 'cancelled'));
    expect((await store.storeEvent({ webhookId: 'msg_2', event: event(jobId, 2) })).outcome).toBe('gone');
  });
});
