import { once } from 'node:events';
import { newId } from '@pixgen/domain';
import { createProducer, type HandledTask, type Producer } from '@pixgen/queue';
import { createTestRedis, type TestRedis } from '@pixgen/queue/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchProgress } from './progress-watch.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
let redis: TestRedis;
let producer: Producer;
beforeAll(async () => {
  redis = await createTestRedis();
  const command = redis.connect('command');
  await once(command, 'ready');
  producer = createProducer(command);
});
afterAll(async () => {
  await producer.close();
  redis.close();
});
beforeEach(async () => {
  for (const queue of producer.queues) await queue.obliterate({ force: true });
});

const add = () => producer.add([{ task: 'dispatch', id: newId(), payload: { jobId: newId(), attempt: 1 } }]);
const watch = (
  lastProgress: () => Map<HandledTask, number>,
  onStuck: (task: HandledTask) => void,
  stuckAfterMs: number,
) => watchProgress(producer.queues, { lastProgress }, { stuckAfterMs, onStuck, log: SILENT, everyMs: 10 });

describe('the watch over the queues', () => {
  it('says so when tasks wait and none moves', async () => {
    await add();
    const started = performance.now();
    const stuck: HandledTask[] = [];
    const watching = watch(
      () => new Map([['dispatch', started]]),
      (task) => stuck.push(task),
      100,
    );
    await expect.poll(() => watching.stuck(), { timeout: 10_000 }).toBe('dispatch');
    watching.stop();
    expect(stuck).toEqual(['dispatch']);
    expect(performance.now() - started).toBeGreaterThanOrEqual(100);
  });

  it('looks often enough to see a queue that stands still for hardly longer than it may', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const standing = producer.queues
      .filter(({ name }) => name === 'dispatch')
      .map((queue) => Object.assign(Object.create(queue) as typeof queue, { getWaitingCount: async () => 1 }));
    const stuck: HandledTask[] = [];
    const watching = watchProgress(
      standing,
      { lastProgress: () => new Map([['dispatch', 0]]) },
      { stuckAfterMs: 6_000, onStuck: (task) => stuck.push(task), log: SILENT },
    );
    await vi.advanceTimersByTimeAsync(8_000);
    watching.stop();
    vi.useRealTimers();
    expect(stuck).toEqual(['dispatch']);
  });

  it('is silent while tasks move, while none waits, and while redis does not answer', async () => {
    let looks = 0;
    const stuck: HandledTask[] = [];
    const onStuck = (task: HandledTask): void => void stuck.push(task);
    const moving = watch(
      () => {
        looks += 1;
        return new Map([['dispatch', performance.now()]]);
      },
      onStuck,
      1,
    );
    const idle = watchProgress(
      [],
      { lastProgress: () => new Map() },
      { stuckAfterMs: 0, onStuck, log: SILENT, everyMs: 1 },
    );
    await add();
    await expect.poll(() => looks, { timeout: 10_000 }).toBeGreaterThan(5);
    moving.stop();
    idle.stop();
    let refused = 0;
    const away = producer.queues.map((queue) =>
      Object.assign(Object.create(queue) as typeof queue, {
        getWaitingCount: async () => {
          refused += 1;
          throw new Error('redis is away');
        },
      }),
    );
    const blind = watchProgress(
      away,
      { lastProgress: () => new Map() },
      { stuckAfterMs: 0, onStuck, log: SILENT, everyMs: 1 },
    );
    await expect.poll(() => refused).toBeGreaterThan(20);
    blind.stop();
    expect(stuck).toEqual([]);
  });
});
