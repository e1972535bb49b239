/** Jobs that ended badly: kept with their story, shown to admins only, run again on their owners' budget. */
import { type Actor, listJobs } from '@pixgen/core';
import { relayOutbox } from '@pixgen/db';
import { createOwner, newOrder, newTrainingOrder, type TestOwner } from '@pixgen/db/testing';
import { type DeadLetterStory, type DeadLetterView, newId, type RetryDeadLettersResult } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './testing.ts';

const PRICE = 1_000;
const LIVE_JOBS = 3;
let api: TestApi;
let admin: Awaited<ReturnType<TestApi['signUp']>>;
beforeAll(async () => {
  api = await startTestApi({ IMAGE_PRICE_MICRO_USD: String(PRICE), LIVE_JOBS_PER_PERSON: String(LIVE_JOBS) });
  admin = await api.signUp();
  await api.db.prisma.user.update({ where: { id: admin.userId }, data: { role: 'admin' } });
});
afterAll(() => api.close());

const ids = () => ({ dispatch: newId(), cancel: newId(), settle: newId(), release: newId() });
const jobs = () => api.services.deps.jobs;

/** A job that was claimed, failed once, was dispatched again and then failed for good. */
async function failedJob(owner: TestOwner, order = newOrder(owner, { holdMicroUsd: PRICE })): Promise<string> {
  await jobs().accept(order);
  const { jobId } = order;
  const move = { jobId, costMicroUsd: 0, delayMs: 0, cause: null };
  await jobs().move({ ...move, attempt: 1, to: 'dispatching', ids: ids() });
  await jobs().recordCall({ jobId, attempt: 1, callId: 'call-1' });
  await jobs().claim({ jobId, attempt: 1, callId: 'call-1' });
  await jobs().move({ ...move, attempt: 1, to: 'queued', cause: 'GPU_LOST', ids: ids() });
  await jobs().move({ ...move, attempt: 2, to: 'dispatching', ids: ids() });
  await jobs().move({ ...move, attempt: 2, to: 'failed', cause: 'GPU_REFUSED', ids: ids() });
  return jobId;
}

const get = async (path: string) =>
  (await fetch(`${api.url}/api/v1/admin/dead-letters${path}`, { headers: admin.headers })).json();
const retry = async (given: string[]) => {
  const answer = await api.post('/api/v1/admin/dead-letters/retry', { ids: given }, admin.headers);
  return { status: answer.status, ...((await answer.json()) as RetryDeadLettersResult) };
};
const budget = (owner: TestOwner) =>
  api.db.prisma.user.findUniqueOrThrow({ where: { id: owner.userId }, select: { heldMicroUsd: true } });

describe('a job that ended failed', () => {
  it('is listed with its whole story: attempts with causes and calls, history, money', async () => {
    const owner = await createOwner(api.db);
    const jobId = await failedJob(owner);
    const { items } = (await get('?limit=1')) as { items: DeadLetterView[] };
    expect(items).toMatchObject([
      { id: jobId, userId: owner.userId, ownerName: 'Ada', state: 'failed', failure: { code: 'GPU_REFUSED' } },
    ]);
    const story = (await get(`/${jobId}`)) as DeadLetterStory;
    expect(story).toMatchObject({
      open: true,
      attempts: [
        { attempt: 1, claims: 1, cause: 'GPU_LOST', callIds: ['call-1'] },
        { attempt: 2, claims: 0, cause: 'GPU_REFUSED', callIds: [] },
      ],
      ledger: [
        { entry: 'hold', amountMicroUsd: PRICE },
        { entry: 'release', amountMicroUsd: PRICE },
      ],
    });
    expect(story.events.map(({ type }) => type)).toEqual([
      'queued',
      'dispatching',
      'running',
      'attempt-ended',
      'dispatching',
      'failed',
    ]);
    expect(story.events.at(-1)).toMatchObject({ type: 'failed', code: 'GPU_REFUSED' });
    expect(JSON.stringify([items, story]), 'nothing that a person wrote').not.toContain('rain');
  });

  it('does not exist for owners, other members and signed-out callers', async () => {
    const [owner, other] = [await api.signUp(), await api.signUp()];
    const jobId = await failedJob({ ...(await createOwner(api.db)) });
    for (const path of ['', `/${jobId}`, `/${newId()}`]) {
      for (const { headers } of [owner, other]) {
        const answer = await fetch(`${api.url}/api/v1/admin/dead-letters${path}`, { headers });
        expect([answer.status, await answer.json()]).toMatchObject([
          404,
          { error: { message: 'There is nothing here.' } },
        ]);
      }
      expect((await fetch(`${api.url}/api/v1/admin/dead-letters${path}`)).status).toBe(401);
    }
    expect((await api.post('/api/v1/admin/dead-letters/retry', { ids: [jobId] }, owner.headers)).status).toBe(404);
    expect(await api.db.prisma.job.count({ where: { retryOf: jobId } })).toBe(0);
  });

  it('runs again once, however often and at the same time it is asked for, on its owner’s budget', async () => {
    const owner = await createOwner(api.db, BigInt(10 * PRICE));
    const jobId = await failedJob(owner);
    const answers = await Promise.all(Array.from({ length: 10 }, () => retry([jobId])));
    const [first] = answers;
    expect(first).toMatchObject({ status: 200, items: [{ id: jobId, outcome: 'accepted' }] });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await api.db.prisma.job.count({ where: { retryOf: jobId } })).toBe(1);
    expect((await budget(owner)).heldMicroUsd).toBe(BigInt(PRICE));
    expect(((await get('')) as { items: DeadLetterView[] }).items.map(({ id }) => id)).not.toContain(jobId);
    expect(await get(`/${jobId}`)).toMatchObject({ open: false });
  });

  it('is what its owner is told of as ended badly, until it runs again or its model goes', async () => {
    const owner = await createOwner(api.db, BigInt(10 * PRICE));
    const actor: Actor = { userId: owner.userId, role: 'member', status: 'active', via: 'session', sessionId: null };
    const endedBadly = async () => {
      const { items } = await listJobs(api.services.deps, actor, { limit: 10, endedBadly: true });
      return items.map(({ id, state, costMicroUsd }) => ({ id, state, costMicroUsd }));
    };
    await jobs().accept(newOrder(owner, { holdMicroUsd: PRICE }));
    const jobId = await failedJob(owner);
    expect(await endedBadly(), 'not the one that waits').toEqual([{ id: jobId, state: 'failed', costMicroUsd: 0 }]);
    await retry([jobId]);
    expect(await endedBadly()).toEqual([]);
    const training = await failedJob(owner, newTrainingOrder(owner));
    expect(await endedBadly()).toMatchObject([{ id: training }]);
    await jobs().accept(newTrainingOrder(owner));
    expect(await endedBadly(), 'the next training takes its place').toEqual([]);
    const other = await failedJob(owner);
    await api.db.prisma.model.update({ where: { id: owner.modelId }, data: { deletedAt: new Date() } });
    expect(await endedBadly(), `${other} was of a model that is gone`).toEqual([]);
  });

  it('is refused by itself, with the reason, beside others that are accepted', async () => {
    const [owner, poor, suspended, gone] = await Promise.all(
      Array.from({ length: 4 }, () => createOwner(api.db, BigInt(PRICE))),
    );
    if (!owner || !poor || !suspended || !gone) throw new Error('four owners');
    const dead = [owner, poor, suspended, gone].map((one) => failedJob(one));
    const [mine, poors, suspendeds, gones] = (await Promise.all(dead)) as [string, string, string, string];
    await api.db.prisma.user.update({ where: { id: poor.userId }, data: { budgetLimitMicroUsd: 0n } });
    await api.db.prisma.user.update({ where: { id: suspended.userId }, data: { status: 'suspended' } });
    await api.db.prisma.model.update({ where: { id: gone.modelId }, data: { deletedAt: new Date() } });
    const absent = newId();
    const { items } = await retry([poors, suspendeds, gones, absent, mine]);
    expect(items).toMatchObject([
      { id: poors, outcome: 'refused', code: 'QUOTA_EXCEEDED' },
      { id: suspendeds, outcome: 'refused', code: 'ACCOUNT_SUSPENDED' },
      { id: gones, outcome: 'refused', code: 'STATE_CONFLICT' },
      { id: absent, outcome: 'refused', code: 'NOT_FOUND' },
      { id: mine, outcome: 'accepted' },
    ]);
    expect(await api.db.prisma.job.count({ where: { userId: poor.userId } })).toBe(1);
  });

  it('waits for its turn when its owner has as many jobs as they may, and keeps no other owner’s waiting', async () => {
    const [busy, other] = [await createOwner(api.db), await createOwner(api.db)];
    const waiting: string[] = [];
    for (let count = 0; count <= LIVE_JOBS; count += 1) waiting.push(await failedJob(busy));
    const others = await failedJob(other);
    const { status, items } = await retry([...waiting, others]);
    expect(status).toBe(200);
    const outcomes = items.map(({ outcome }) => outcome);
    expect(outcomes).toEqual([...Array.from({ length: LIVE_JOBS }, () => 'accepted'), 'refused', 'accepted']);
    expect(items[LIVE_JOBS]).toMatchObject({ id: waiting[LIVE_JOBS], code: 'RATE_LIMITED' });
  });

  it('is not run beside a retry of its owner, and not for more than 50 at a time', async () => {
    const owner = await createOwner(api.db);
    const jobId = await failedJob(owner);
    const { generationId } = await api.db.prisma.job.findUniqueOrThrow({ where: { id: jobId } });
    const order = newOrder(owner, {
      orderId: generationId ?? '',
      generation: null,
      retryOf: jobId,
      procedure: 'generation.retry',
    });
    expect(await jobs().accept(order)).toMatchObject({ outcome: 'accepted' });
    expect((await retry([jobId])).items).toMatchObject([{ outcome: 'refused', code: 'STATE_CONFLICT' }]);
    expect((await retry(Array.from({ length: 51 }, newId))).status).toBe(400);
  });

  it('lies on the board’s queue with ids and cause only, until it is retried', async () => {
    const jobId = await failedJob(await createOwner(api.db));
    const { producer } = api.services.deps;
    const row = await api.db.prisma.outbox.findUniqueOrThrow({ where: { id: jobId } });
    expect(row.task).toBe('dead-letters');
    let moved = 1;
    while (moved > 0) {
      moved = await relayOutbox(api.db.pool, 200, async (rows) => {
        for (const { id, task, payload } of rows) {
          if (task === 'dead-letters') await producer.add([{ task, id, payload: payload as never }]);
        }
      });
    }
    const board = async () => {
      const answer = await fetch(
        `${api.url}/admin/queues/api/queues?activeQueue=dead-letters&status=waiting&jobsPerPage=100`,
        {
          headers: admin.headers,
        },
      );
      const { queues } = (await answer.json()) as { queues: { name: string; jobs: { id: string; data: unknown }[] }[] };
      return queues.find(({ name }) => name === 'dead-letters')?.jobs.find(({ id }) => id === jobId)?.data;
    };
    expect(await board()).toEqual({ jobId, attempt: 2, cause: 'GPU_REFUSED' });
    await retry([jobId]);
    await expect.poll(board).toBeUndefined();
  });
});
