/** A worker that is cut off from Redis hears nobody: that is no silence of those who work. */
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../chaos/tcp-proxy.ts';
import { type Person, type Product, startProduct, testRedisUrl } from '../testing/product.ts';
import { createReadyDraft, until } from '../testing/studio.ts';

let product: Product;
let person: Person;
let proxy: TcpProxy;
beforeAll(async () => {
  const url = testRedisUrl();
  proxy = await startTcpProxy({ port: Number(url.port) });
  url.port = String(proxy.port);
  product = await startProduct({ workerEnv: { REDIS_URL: url.href }, simulator: { heartbeatMs: 1_000 } });
  person = await product.createPerson();
}, 60_000);
afterAll(async () => {
  proxy.setFault(null);
  await product.stop();
  await proxy.close();
});

it('goes on in its attempt, a training at work for ten minutes while its worker cannot reach Redis', {
  timeout: 120_000,
}, async () => {
  const modelId = await createReadyDraft(person);
  product.simulator.control({ crashes: [{ at: 'midTrain', effect: 'hang', times: 1 }] });
  const order = { modelId, preset: 'fast', idempotencyKey: newId() } as const;
  const { id, job } = await person.client.training.start.mutate(order);
  const look = () => person.client.training.get.query({ id });
  await until(look, (view) => view.job.state === 'running');
  proxy.setFault({ kind: 'reset' });
  await product.db.prisma
    .$executeRaw`UPDATE "Job" SET "stateSince" = now() - interval '10 minutes' WHERE id = ${job.id}::uuid`;
  const lease = () => product.db.prisma.lease.findUniqueOrThrow({ where: { name: 'reconcile' } });
  const { expiresAt } = await lease();
  // The second pass has begun when the lease is renewed twice: one has ended without Redis.
  await until(lease, (now) => now.expiresAt.getTime() > expiresAt.getTime() + 15_000);
  proxy.setFault(null);
  expect((await look()).job).toMatchObject({ state: 'running', attempt: 1 });
});
