import { once } from 'node:events';
import { newId } from '@pixgen/domain';
import type { Job, Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TASKS } from './catalog.ts';
import { type Handlers, type PoisonHandlers, startConsumer } from './consumer.ts';
import { createProducer, type Producer } from './producer.ts';
import { createTestRedis, type TestRedis } from './testing.ts';

let redis: TestRedis;
let command: ReturnType<TestRedis['connect']>;
let producer: Producer;
let queue: Queue;
beforeAll(async () => {
  redis = await createTestRedis();
  command = redis.connect('command');
  await once(command, 'ready');
  producer = createProducer(command);
  const found = producer.queues.find(({ name }) => name === 'dispatch');
  if (!found) throw new Error('there is a dispatch queue');
  queue = found;
});
afterAll(async () => {
  await producer.close();
  redis.close();
});
beforeEach(() => queue.obliterate({ force: true }));

const nothing = async (): Promise<void> => {};
const handlers = (dispatch: Handlers['dispatch']): Handlers => ({
  dispatch,
  'cancel-calls': nothing,
  'apply-events': nothing,
  'check-photo': nothing,
  'start-pack': nothing,
  bulk: nothing,
});
const poison = (dispatch: PoisonHandlers['dispatch']): PoisonHandlers => ({
  dispatch,
  'cancel-calls': nothing,
  'apply-events': nothing,
  'check-photo': nothing,
  'start-pack': nothing,
  bulk: nothing,
});
const silent = { onFailed: () => {}, onError: () => {} };
const start = (dispatch: Handlers['dispatch'], onPoison: PoisonHandlers['dispatch'] = nothing) =>
  startConsumer(() => redis.connect('worker'), handlers(dispatch), poison(onPoison), silent);

async function add(): Promise<string> {
  const id = newId();
  await producer.add([{ task: 'dispatch', id, payload: { jobId: newId(), attempt: 1 } }]);
  return id;
}

/** A task that looks as if processes had died with it in their hands. */
async function addSuspect(deaths: number, alone = deaths - 1): Promise<string> {
  const id = await add();
  await command.hset(queue.toKey(id), { stc: deaths, progress: alone });
  return id;
}

const find = async (id: string): Promise<Job | undefined> => queue.getJob(id);

describe('a worker that is asked to stop', () => {
  it('finishes what is in hand when that ends in time', async () => {
    let finish = (): void => {};
    let started = (): void => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const consumer = start(() => {
      started();
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const id = await add();
    await running;
    const closed = consumer.close(30_000);
    finish();
    await closed;
    expect(await (await find(id))?.getState()).toBe('completed');
  });

  it('gives back what does not end in time, and another worker takes it at once', async () => {
    let started = (): void => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const consumer = start(() => {
      started();
      return new Promise(() => {});
    });
    const id = await add();
    await running;
    await consumer.close(50);
    const handedBack = await find(id);
    expect([await handedBack?.getState(), handedBack?.stalledCounter]).toEqual(['waiting', 0]);
    const next = start(nothing);
    await expect.poll(async () => (await find(id))?.getState()).toBe('completed');
    expect((await find(id))?.stalledCounter).toBe(0);
    await next.close();
  });
});

describe('a task that does not end', () => {
  const known = TASKS.dispatch.timeoutMs;
  afterEach(() => void Object.assign(TASKS.dispatch, { timeoutMs: known }));

  it('is told to stop after its time, is waited for no longer, and is tried again', async () => {
    Object.assign(TASKS.dispatch, { timeoutMs: 100 });
    const signals: AbortSignal[] = [];
    // It hears of it and does nothing.
    const consumer = start(async (_, { signal }) => {
      signals.push(signal);
      if (signals.length === 1) await new Promise(() => undefined);
    });
    const id = await add();
    await expect.poll(async () => (await find(id))?.getState(), { timeout: 10_000 }).toBe('completed');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect((await find(id))?.attemptsMade).toBe(2);
    await consumer.close(0);
  });
});

describe('a task whose process died in the middle of it', () => {
  it('is given up after the third death, without another run', async () => {
    const runs: string[] = [];
    const given: string[] = [];
    const id = await addSuspect(3);
    const consumer = start(
      async () => void runs.push('run'),
      async ({ jobId }) => void given.push(jobId),
    );
    await expect.poll(async () => (await find(id))?.getState()).toBe('failed');
    expect([runs, given]).toEqual([[], [(await find(id))?.data.jobId]]);
    await consumer.close();
  });

  it('is given up again until that worked', async () => {
    let tries = 0;
    const id = await addSuspect(3);
    const consumer = start(nothing, async () => {
      tries += 1;
      if (tries < 2) throw new Error('the database is away');
    });
    await expect.poll(async () => (await find(id))?.getState(), { timeout: 10_000 }).toBe('failed');
    expect(tries).toBe(2);
    await consumer.close();
  });

  it('is not given up for deaths that it only stood beside, or for runs that failed without one', async () => {
    const id = await addSuspect(7, 0);
    let runs = 0;
    const consumer = start(async () => {
      runs += 1;
      if (runs < 4) throw new Error('the database is away');
    });
    await expect.poll(async () => (await find(id))?.getState(), { timeout: 30_000 }).toBe('completed');
    expect(runs).toBe(4);
    await consumer.close();
  });

  it('runs with no other such task beside it', async () => {
    let atOnce = 0;
    let most = 0;
    const ids = await Promise.all(Array.from({ length: 4 }, () => addSuspect(1)));
    const consumer = start(async (_, { suspect }) => {
      expect(suspect).toBe(true);
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
    });
    for (const id of ids)
      await expect.poll(async () => (await find(id))?.getState(), { timeout: 20_000 }).toBe('completed');
    expect(most).toBe(1);
    await consumer.close();
  });
});
