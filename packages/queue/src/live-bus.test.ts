import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLiveBus, type LiveBus } from './live-bus.ts';
import { createTestRedis, type TestRedis } from './testing.ts';

let redis: TestRedis;
let command: ReturnType<TestRedis['connect']>;
let bus: LiveBus;
beforeAll(async () => {
  redis = await createTestRedis();
  command = redis.connect('command');
  await once(command, 'ready');
  bus = createLiveBus(command, redis.connect('subscriber'));
});
afterAll(() => redis.close());

const MINUTE_MS = 60_000;
const KEY = 'pixgen:span:hearing';
const span = async () => (await bus.readSpans(['hearing', 'nothing'])).get('hearing');
/** As if it had last been kept then. */
async function keptAt(sinceAgoMs: number, untilAgoMs: number): Promise<number> {
  const now = await bus.clockMs();
  await command.set(KEY, JSON.stringify({ sinceMs: now - sinceAgoMs, untilMs: now - untilAgoMs }));
  return now;
}

it('begins a span, and goes on with it while the pauses are short', async () => {
  expect(await bus.readSpans(['hearing', 'nothing'])).toEqual(new Map());
  const before = await bus.clockMs();
  await bus.keepSpan('hearing', MINUTE_MS);
  const first = await span();
  expect(first?.sinceMs).toBeGreaterThanOrEqual(before);
  expect(first?.untilMs).toBe(first?.sinceMs);
  const now = await keptAt(10 * MINUTE_MS, MINUTE_MS - 5_000);
  await bus.keepSpan('hearing', MINUTE_MS);
  expect(await span()).toMatchObject({ sinceMs: now - 10 * MINUTE_MS });
  expect((await span())?.untilMs).toBeGreaterThanOrEqual(now);
});

it.each([
  ['a pause that was too long', 10 * MINUTE_MS, 2 * MINUTE_MS],
  ['a clock of Redis that was set back', 10 * MINUTE_MS, -5 * MINUTE_MS],
])('begins a span anew after %s', async (_, sinceAgoMs, untilAgoMs) => {
  const now = await keptAt(sinceAgoMs, untilAgoMs);
  await bus.keepSpan('hearing', MINUTE_MS);
  expect((await span())?.sinceMs).toBeGreaterThanOrEqual(now);
});

it('begins a span anew after Redis lost its data', async () => {
  await keptAt(10 * MINUTE_MS, 0);
  await command.flushdb();
  const now = await bus.clockMs();
  await bus.keepSpan('hearing', MINUTE_MS);
  expect((await span())?.sinceMs).toBeGreaterThanOrEqual(now);
});

it('counts each time its connection for live messages breaks, however soon it is back', async () => {
  await expect.poll(() => bus.connected()).toBe(true);
  const before = bus.breaks();
  // A connection is one for messages once it listens.
  await bus.follow('nobody', () => undefined);
  await command.client('KILL', 'TYPE', 'PUBSUB');
  await expect.poll(() => bus.breaks()).toBeGreaterThan(before);
  await expect.poll(() => bus.connected()).toBe(true);
});
