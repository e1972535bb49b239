/** A provider that never answers again: the job ends by itself within its deadlines, with a cause and at no cost. */
import { newId } from '@pixgen/domain';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { createReadyDraft, hasEnded, until } from '../testing/studio.ts';

const PRICE = 2_000_000;
const PASSES_MS = 90_000;

let product: Product;
let person: Person;
let modelId: string;
beforeAll(async () => {
  product = await startProduct({
    env: { TRAIN_PRICE_MICRO_USD: String(PRICE), DEFAULT_BUDGET_MICRO_USD: String(2 * PRICE) },
  });
  person = await product.createPerson();
  modelId = await createReadyDraft(person);
}, 60_000);
afterAll(() => product.stop());
afterEach(() => clearInterval(clock));

/** Makes live jobs look older than every limit of their state, again and again: hours need not be waited for. */
let clock: NodeJS.Timeout | undefined;
async function letTimePass(): Promise<void> {
  // Silence counts only while somebody could have heard: API and worker could, for long.
  const redis = new Redis(product.redisUrl);
  const span = JSON.stringify({ sinceMs: 0, untilMs: Date.now() });
  await redis.mset('pixgen:span:events', span, 'pixgen:span:passes', span);
  redis.disconnect();
  clock = setInterval(() => {
    product.db.prisma
      .$executeRaw`UPDATE "Job" SET "stateSince" = now() - interval '3 hours' WHERE state = 'running' AND "stateSince" > now() - interval '30 minutes'`.catch(
      () => undefined,
    );
  }, 200);
}

const start = () => person.client.training.start.mutate({ modelId, preset: 'fast', idempotencyKey: newId() });
const held = async () => {
  const user = await product.db.prisma.user.findUniqueOrThrow({ where: { id: person.userId } });
  return { held: Number(user.heldMicroUsd), spent: Number(user.spentMicroUsd) };
};

it('a training whose every call goes silent ends failed with a cause, and its hold is given back', {
  timeout: 120_000,
}, async () => {
  product.simulator.control({ crashes: [{ at: 'afterClaim', effect: 'silent', times: 3 }] });
  await letTimePass();
  const { id, job } = await start();
  expect(await held()).toEqual({ held: PRICE, spent: 0 });
  const ended = await until(() => person.client.training.get.query({ id }), hasEnded, PASSES_MS);
  expect(ended.job).toMatchObject({ state: 'failed', attempt: 3, costMicroUsd: 0, failure: { code: 'WENT_SILENT' } });
  expect(await held()).toEqual({ held: 0, spent: 0 });
  const ledger = await product.db.prisma.ledgerEntry.findMany({ where: { jobId: job.id }, orderBy: { id: 'asc' } });
  expect(ledger.map(({ entry, amountMicroUsd }) => [entry, Number(amountMicroUsd)])).toEqual([
    ['hold', PRICE],
    ['release', PRICE],
  ]);
});

it('a training whose GPU says for ever that it works ends expired at its deadline, is stopped there, and costs nothing', {
  timeout: 120_000,
}, async () => {
  product.simulator.control({ crashes: [{ at: 'midTrain', effect: 'hang', times: 1 }] });
  const { id, job } = await start();
  await until(
    () => person.client.training.get.query({ id }),
    (view) => view.job.state === 'running',
  );
  await product.db.prisma.job.update({ where: { id: job.id }, data: { deadlineAt: new Date() } });
  const ended = await until(() => person.client.training.get.query({ id }), hasEnded, PASSES_MS);
  expect(ended.job).toMatchObject({ state: 'expired', costMicroUsd: 0, failure: { code: 'DEADLINE' } });
  expect(await held()).toEqual({ held: 0, spent: 0 });
  // Told by the provider's cancel or by the next word of its own that is refused, whichever comes first.
  await until(
    async () => product.simulator.record().lines.filter((line) => line.kind === 'end' && line.jobId === job.id),
    (ends) => ends.length > 0,
  );
});
