/** I8: what Redis loses, Postgres brings back. */
import { newId } from '@pixgen/domain';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { createReadyDraft, createTrainedModel, drawPhoto, until, uploadPhoto } from '../testing/studio.ts';

const JOBS = 500;
let product: Product;
let person: Person;
let redis: Redis;
beforeAll(async () => {
  product = await startProduct();
  person = await product.createPerson();
  redis = new Redis(product.redisUrl);
});
afterAll(async () => {
  redis.disconnect();
  await product.stop();
});

it(`finishes ${JOBS} jobs in flight whose queues lost everything, each drawn once`, { timeout: 240_000 }, async () => {
  const modelId = await createTrainedModel(person);
  const others = await createReadyDraft(person);
  // Calls are slow enough for most jobs to be somewhere on the way when it happens.
  product.simulator.control({ imageMs: 500, capacity: 60 });
  const orders = await Promise.all(
    Array.from({ length: JOBS }, () =>
      person.client.generation.start.mutate({ modelId, prompt: 'rain', idempotencyKey: newId() }),
    ),
  );
  const jobIds = orders.map(({ job }) => job.id);
  const states = async () => {
    const rows = await product.db.prisma.job.groupBy({ by: ['state'], where: { id: { in: jobIds } }, _count: true });
    return Object.fromEntries(rows.map((row) => [row.state, row._count]));
  };
  await until(states, (counts) => (counts.succeeded ?? 0) >= 10);
  const photoId = await uploadPhoto(person, others, await drawPhoto(17));
  // The whole database of this product; other tests use others of the same server.
  await redis.flushdb();
  const before = await states();
  expect((before.queued ?? 0) + (before.dispatching ?? 0) + (before.running ?? 0)).toBeGreaterThan(JOBS / 2);
  await until(states, (counts) => counts.succeeded === JOBS, 200_000);
  await until(
    () => person.client.photos.list.query({ modelId: others }),
    ({ items }) => items.find(({ id }) => id === photoId)?.state === 'ready',
    60_000,
  );
  const claimed = product.simulator.record().lines.filter((line) => line.kind === 'claim' && line.httpStatus === 200);
  for (const jobId of jobIds) expect(claimed.filter((line) => line.jobId === jobId)).toHaveLength(1);
  expect(await product.db.prisma.image.count({ where: { modelId, state: 'ready' } })).toBe(JOBS);
});
