/**
 * Money of trainings that may end early, under drawn orders, prices and interleavings: held whole, charged for the steps
 * that were done, the rest given back, nothing else ever. `TEST_DOSE=full` draws many more.
 */
import { auditLedger } from '@pixgen/db';
import { AppError } from '@pixgen/domain';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { trainingCostMicroUsd } from '../jobs/next-move.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { cancelTraining } from './change-training.ts';
import { startTraining } from './start-training.ts';
import { claimTraining, createTrainableModel, gpuOf, putTrainingToWork } from './testing.ts';

const RUNS = process.env.TEST_DOSE === 'full' ? 300 : 25;
const MAX_HOLD_MICRO_USD = 1_000_000_000_000;

let test: TestDeps;
let deps: Deps;
beforeAll(async () => {
  test = await createTestDeps();
  ({ deps } = test);
});
afterAll(() => test.close());

describe('the cost of a training', () => {
  const hold = fc.nat(MAX_HOLD_MICRO_USD);
  const steps = fc.integer({ min: 1, max: 5000 });

  it('is its price when it may not stop early, whatever the host says of its steps', () => {
    fc.assert(fc.property(hold, fc.nat(100_000), (price, done) => trainingCostMicroUsd(price, done, null) === price));
  });

  it('is the exact share of the steps done, rounded down, never more than the price and never less with more steps', () => {
    fc.assert(
      fc.property(hold, steps, fc.nat(6000), (price, ordered, done) => {
        const cost = trainingCostMicroUsd(price, done, ordered);
        const exact = (BigInt(price) * BigInt(Math.min(done, ordered))) / BigInt(ordered);
        expect(BigInt(cost)).toBe(exact);
        expect(cost).toBeLessThanOrEqual(price);
        expect(trainingCostMicroUsd(price, done + 1, ordered)).toBeGreaterThanOrEqual(cost);
      }),
    );
    expect(trainingCostMicroUsd(1_000, 1, 3)).toBe(333);
    expect(trainingCostMicroUsd(1_000, 3, 3)).toBe(1_000);
  });
});

const course = fc.record({
  price: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 }), fc.nat(5_000_000)),
  ordered: fc.integer({ min: 2, max: 5000 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  stopEarly: fc.boolean(),
  attempts: fc.integer({ min: 1, max: 2 }),
  end: fc.constantFrom('succeed', 'succeed', 'succeed twice', 'fail', 'cancel', 'cancel while it succeeds'),
});

it('is held whole, settled for the steps that were done, released for the rest, and the ledger adds up to the micro-USD', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(course, async ({ price, ordered, share, stopEarly, attempts, end }) => {
      const priced = { ...deps, config: { ...deps.config, prices: { trainMicroUsd: price, imageMicroUsd: 0 } } };
      const actor = await createActor(deps);
      const done = Math.max(1, Math.round(ordered * share));
      const model = await createTrainableModel(deps, actor);
      const work = await putTrainingToWork(priced, actor, model, { steps: ordered, stopEarly });
      const { jobId } = work.claim;
      let gpu = gpuOf(deps, actor, work.claim);
      for (let attempt = 2; attempt <= attempts; attempt++) {
        await gpu.keep(1, 0.5);
        await gpu.fail(true);
        gpu = gpuOf(deps, actor, await claimTraining(deps, jobId, attempt));
      }
      const cancel = () =>
        cancelTraining(deps, actor, { id: work.trainingId }).catch((error: unknown) => {
          if (!(error instanceof AppError && error.code === 'STATE_CONFLICT')) throw error;
        });
      if (end === 'fail') await gpu.fail(false);
      else if (end === 'cancel') await cancel();
      else if (end === 'cancel while it succeeds') await Promise.all([cancel(), gpu.succeed(done, 0.9)]);
      else for (let time = 0; time < (end === 'succeed' ? 1 : 2); time++) await gpu.succeed(done, 0.9);

      const job = await deps.db.prisma.job.findUniqueOrThrow({ where: { id: jobId } });
      const part = (BigInt(price) * BigInt(Math.min(done, ordered))) / BigInt(ordered);
      const due = job.state === 'succeeded' ? (stopEarly ? part : BigInt(price)) : 0n;
      if (end.startsWith('succeed')) expect(job.state).toBe('succeeded');
      expect(job.costMicroUsd).toBe(due);
      const entries = await deps.db.prisma.ledgerEntry.findMany({ where: { jobId } });
      const sum = (name: string) =>
        entries.filter(({ entry }) => entry === name).reduce((total, row) => total + row.amountMicroUsd, 0n);
      expect([sum('hold'), sum('settle'), sum('release')]).toEqual([BigInt(price), due, BigInt(price) - due]);
      expect(await deps.db.prisma.user.findUniqueOrThrow({ where: { id: actor.userId } })).toMatchObject({
        heldMicroUsd: 0n,
        spentMicroUsd: due,
      });
    }),
    { seed: 20261123, numRuns: RUNS },
  );
  expect((await auditLedger(test.databaseUrl)).findings).toEqual([]);
});

it('cannot be asked for without a sample to judge by', async () => {
  const actor = await createActor(deps);
  const modelId = await createTrainableModel(deps, actor);
  const overrides = { stopEarly: true, samplePrompts: [] };
  const order = startTraining(deps, actor, { modelId, preset: 'fast', overrides, idempotencyKey: 'no-samples' });
  await expect(order).rejects.toMatchObject({ code: 'INVALID_INPUT', fields: [{ path: 'overrides.stopEarly' }] });
});
