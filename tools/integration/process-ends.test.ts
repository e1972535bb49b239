/** How real processes end: one whose queue is stuck by itself, and one that is told to stop within its deadline whatever it has in hand. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '@pixgen/domain';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../chaos/tcp-proxy.ts';
import { type Person, type Product, startProduct, testRedisUrl } from '../testing/product.ts';
import { createTrainedModel, hasEnded, until } from '../testing/studio.ts';

const QUEUE_STUCK_MS = 6_000;
/** Nobody waits longer for a stop (I12). */
const STOP_MS = 30_000;
/** Long enough for cut connections to be noticed all at once. */
const FROZEN_MS = 2_000;
/** More than one worker takes at once, so that some wait. */
const ORDERS = 60;

let storeLink: TcpProxy;
let redisLink: TcpProxy;
let product: Product;
let person: Person;
let modelId: string;
beforeAll(async () => {
  const store = new URL(process.env.TEST_S3_ENDPOINT ?? '');
  storeLink = await startTcpProxy({ port: Number(store.port) });
  const redis = testRedisUrl();
  redisLink = await startTcpProxy({ port: Number(redis.port) });
  redis.port = String(redisLink.port);
  product = await startProduct({
    // The API too: what it saw in the store, the worker does not look for again.
    env: { S3_ENDPOINT: `http://127.0.0.1:${storeLink.port}`, S3_PUBLIC_ENDPOINT: store.origin },
    workerEnv: { REDIS_URL: redis.href, QUEUE_STUCK_MS: String(QUEUE_STUCK_MS) },
  });
  person = await product.createPerson();
  modelId = await createTrainedModel(person);
}, 90_000);
afterEach(() => {
  storeLink.setFault(null);
  redisLink.setFault(null);
});
afterAll(async () => {
  await product.stop();
  await Promise.all([storeLink.close(), redisLink.close()]);
});

const order = () => person.client.generation.start.mutate({ modelId, prompt: 'rain', n: 1, idempotencyKey: newId() });
const ended = (id: string) => until(() => person.client.generation.get.query({ id }), hasEnded, 120_000);

it('a worker whose queue is stuck ends itself with status 1, and whoever starts it again sees the jobs end', {
  timeout: 240_000,
}, async () => {
  // Every task in hand waits for an answer longer than the queue may stand still.
  product.simulator.control({ submitFaults: [{ answer: 'hang' }] });
  const orders = await Promise.all(Array.from({ length: ORDERS }, order));
  expect(await product.worker.gone()).toBe(1);
  product.simulator.control({ submitFaults: [] });
  await product.worker.start();
  // Those that were in hand go one at a time now, as one of them may have been the cause: some need a second attempt.
  for (const { id } of orders) expect((await ended(id)).job.state).toBe('succeeded');
});

it('SIGTERM ends API and worker within 30 s with work in hand that does not end, and nothing of it is lost', {
  timeout: 240_000,
}, async () => {
  const { id } = await order();
  await ended(id);
  storeLink.setFault({ kind: 'black-hole' });
  const last = await order();
  // Its image is stored and acknowledged; the worker waits for the object store before it counts.
  const waiting = () => product.db.prisma.gpuEvent.count({ where: { jobId: last.job.id, appliedAt: null } });
  await until(waiting, (count) => count > 0);
  const half = await halfARequest();
  const stop = async (process: Product['api']) => {
    const begunAt = performance.now();
    await process.kill('SIGTERM');
    return { code: await process.gone(), tookMs: performance.now() - begunAt };
  };
  const [worker] = await Promise.all([
    stop(product.worker),
    stop(product.api).then(({ tookMs }) => expect(tookMs).toBeLessThan(STOP_MS + 1_000)),
  ]);
  half.destroy();
  expect(worker.code).toBe(0);
  expect(worker.tookMs).toBeLessThan(STOP_MS);
  expect(await waiting()).toBeGreaterThan(0);
  storeLink.setFault(null);
  await Promise.all([product.api.start(), product.worker.start()]);
  expect((await ended(last.id)).job).toMatchObject({ state: 'succeeded', attempt: 1 });
});

it('SIGTERM ends a worker in time although Redis cuts off each of its connections', { timeout: 240_000 }, async () => {
  // Which connection is cut off at which moment of the stop is chance: while the worker did not end itself, one of two rounds hung.
  for (let round = 0; round < 2; round += 1) {
    const { id } = await order();
    redisLink.setFault({ kind: 'reset' });
    await product.worker.kill('SIGTERM');
    await product.worker.kill('SIGSTOP');
    await delay(FROZEN_MS);
    await product.worker.kill('SIGCONT');
    expect(await product.worker.gone()).toBe(0);
    redisLink.setFault(null);
    await product.worker.start();
    expect((await ended(id)).job.state).toBe('succeeded');
  }
});

/** A call that the API waits for and that never comes to its end. */
async function halfARequest() {
  const { hostname, port } = new URL(product.apiUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const head = [
    'POST /trpc/generation.start HTTP/1.1',
    `Host: ${hostname}`,
    'Content-Type: application/json',
    'Content-Length: 1000',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n{`);
  return socket;
}
