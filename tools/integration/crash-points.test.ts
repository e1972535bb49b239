/**
 * Every named place where a process can die: it is killed there, once, and afterwards the job has ended exactly once, is
 * paid exactly once, and nothing is missing. `CRASH_ROUNDS=10` repeats all of it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CRASH_POINTS, type CrashPoint } from '@pixgen/core';
import { FINAL_STATES, type GenerationView, newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CrashPoint as GpuPoint } from '../gpu-simulator/faults.ts';
import { type Person, type Product, type ProductProcess, startProduct } from '../testing/product.ts';
import { createReadyDraft, createTrainedModel, hasEnded, until } from '../testing/studio.ts';

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 1);
const IMAGE_PRICE = 1_000;
/** A killed worker's tasks are taken over after about ten seconds, twice in the worst case. */
const HEALED_MS = 60_000;

let folder: string;
let product: Product;
let person: Person;
let modelId: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pixgen-crash-points-'));
  product = await startProduct({
    env: { CRASH_POINTS: folder, IMAGE_PRICE_MICRO_USD: String(IMAGE_PRICE), DEFAULT_BUDGET_MICRO_USD: '1000000000' },
  });
  person = await product.createPerson();
  modelId = await createTrainedModel(person);
}, 90_000);
afterAll(async () => {
  await product.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  product.simulator.control({ eventFaults: [], crashes: [], submitFaults: [], startMs: 0, capacity: null });
});

const arm = (point: CrashPoint): void => writeFileSync(join(folder, point), '');

async function restartWhenGone(process: ProductProcess): Promise<void> {
  await process.gone();
  await process.start();
}

/** Orders with one key until an answer comes, as a client does whose answer was cut off. */
async function order(n: number, idempotencyKey: string): Promise<GenerationView> {
  for (;;) {
    try {
      return await person.client.generation.start.mutate({ modelId, prompt: 'rain', n, idempotencyKey });
    } catch (error) {
      const status = (error as { data?: { httpStatus?: number } }).data?.httpStatus;
      if (status !== undefined && status < 500) throw error;
      // Until the process that died is back.
      await until(
        () =>
          fetch(`${product.apiUrl}/readyz`)
            .then((answer) => answer.ok)
            .catch(() => false),
        Boolean,
      );
    }
  }
}

/** I1, I2, I3, I5 for one generation. */
async function expectExactlyOnce(id: string, n: number): Promise<void> {
  const view = await until(() => person.client.generation.get.query({ id }), hasEnded, HEALED_MS);
  expect(view.job).toMatchObject({ state: 'succeeded', costMicroUsd: n * IMAGE_PRICE });
  expect(view.counts).toEqual({ planned: n, ready: n, failed: 0 });
  const { prisma } = product.db;
  const jobId = view.job.id;
  expect(await prisma.job.count({ where: { generationId: id } })).toBe(1);
  const ends = await prisma.jobEvent.findMany({ where: { jobId, type: { in: [...FINAL_STATES] } } });
  expect(ends).toHaveLength(1);
  const ledger = await prisma.ledgerEntry.findMany({ where: { jobId } });
  const sum = (entry: string) =>
    ledger.filter((row) => row.entry === entry).reduce((total, row) => total + Number(row.amountMicroUsd), 0);
  expect({ hold: sum('hold'), settle: sum('settle'), release: sum('release') }).toEqual({
    hold: n * IMAGE_PRICE,
    settle: n * IMAGE_PRICE,
    release: 0,
  });
  const claims = product.simulator
    .record()
    .lines.flatMap((line) =>
      line.kind === 'claim' && line.jobId === jobId && line.httpStatus === 200 ? [`${line.attempt}/${line.epoch}`] : [],
    );
  expect(new Set(claims).size).toBe(claims.length);
}

async function expectNothingHeld(): Promise<void> {
  const user = await product.db.prisma.user.findUniqueOrThrow({ where: { id: person.userId } });
  expect(user.heldMicroUsd).toBe(0n);
}

/** Kills at the point while a generation of two images goes through, and restarts what died. */
async function throughCrash(point: CrashPoint, victim: ProductProcess): Promise<void> {
  arm(point);
  const restarted = restartWhenGone(victim);
  const { id } = await order(2, newId());
  await restarted;
  await expectExactlyOnce(id, 2);
  await expectNothingHeld();
}

type Scenario = () => Promise<void>;
const api =
  (point: CrashPoint): Scenario =>
  () =>
    throughCrash(point, product.api);
const worker =
  (point: CrashPoint): Scenario =>
  () =>
    throughCrash(point, product.worker);

/** The relay has work when a process died before it could hand its job over. */
const relay =
  (point: CrashPoint): Scenario =>
  async () => {
    arm('api.afterTx');
    arm(point);
    const restarted = Promise.all([restartWhenGone(product.api), restartWhenGone(product.worker)]);
    const { id } = await order(2, newId());
    await restarted;
    await expectExactlyOnce(id, 2);
  };

/** All events are lost and nothing was heard for long: the provider is asked. */
const reconcile =
  (point: CrashPoint): Scenario =>
  async () => {
    product.simulator.control({ eventFaults: [{ action: 'drop' }] });
    arm(point);
    const restarted = restartWhenGone(product.worker);
    const { id, job } = await order(2, newId());
    await until(
      () => person.client.jobs.get.query({ id: job.id }),
      (view) => view.state === 'running',
    );
    await product.db.prisma
      .$executeRaw`UPDATE "Job" SET "stateSince" = now() - interval '1 hour' WHERE id = ${job.id}::uuid`;
    await product.db.prisma.lease.deleteMany();
    await restarted;
    await product.db.prisma.lease.deleteMany();
    await expectExactlyOnce(id, 2);
  };

const SCENARIOS: Record<CrashPoint, Scenario> = {
  'api.afterTx': api('api.afterTx'),
  'api.beforeReply': api('api.beforeReply'),
  'relay.afterLock': relay('relay.afterLock'),
  'relay.afterAdd': relay('relay.afterAdd'),
  'relay.afterMark': relay('relay.afterMark'),
  'dispatch.afterIntent': worker('dispatch.afterIntent'),
  'dispatch.beforeSubmit': worker('dispatch.beforeSubmit'),
  'dispatch.afterSubmit': worker('dispatch.afterSubmit'),
  'dispatch.afterSaveId': async () => {
    // A call that claims at once needs no saving.
    product.simulator.control({ startMs: 1_500 });
    await throughCrash('dispatch.afterSaveId', product.worker);
  },
  'claim.beforeUpdate': api('claim.beforeUpdate'),
  'claim.afterUpdate': api('claim.afterUpdate'),
  'hook.afterVerify': api('hook.afterVerify'),
  'hook.afterEnqueue': api('hook.afterEnqueue'),
  'apply.beforeTx': worker('apply.beforeTx'),
  'apply.inTx': worker('apply.inTx'),
  'apply.afterTx': worker('apply.afterTx'),
  'reconcile.afterGet': reconcile('reconcile.afterGet'),
  'reconcile.afterApply': reconcile('reconcile.afterApply'),
  'upload.midCopy': async () => {
    arm('upload.midCopy');
    const restarted = restartWhenGone(product.worker);
    const draft = await createReadyDraft(person);
    await restarted;
    const { items } = await person.client.photos.list.query({ modelId: draft });
    expect(items.map((photo) => photo.state)).toEqual(Array.from({ length: 5 }, () => 'ready'));
  },
  // At every step, and what must be gone afterwards: `erasure.test.ts`.
  'erase.midway': async () => {
    const draft = await createReadyDraft(person);
    arm('erase.midway');
    const restarted = restartWhenGone(product.worker);
    const { code } = await person.client.models.erase.mutate({ id: draft });
    await restarted;
    const look = () => person.client.account.erasure.mutate({ code });
    const { receipt } = await until(look, ({ state }) => state !== 'erasing', HEALED_MS);
    expect(receipt?.counts).toMatchObject({ models: 1, photos: 5 });
    expect(await product.db.prisma.photo.count({ where: { modelId: draft } })).toBe(0);
  },
};

/** A GPU that dies and is started again by its provider with the same input. */
const GPU_POINTS: GpuPoint[] = ['afterClaim', 'afterUpload', 'beforeEvent'];

describe.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))('round %i: killed at', () => {
  for (const point of CRASH_POINTS) {
    it(`${point}, a job ends once and is paid once`, { timeout: 120_000 }, () => SCENARIOS[point]());
  }

  for (const at of GPU_POINTS) {
    it(`gpu.${at}, a job ends once and is paid once`, { timeout: 120_000 }, async () => {
      product.simulator.control({ crashes: [{ at, effect: 'restart', times: 1 }] });
      const { id } = await order(2, newId());
      await expectExactlyOnce(id, 2);
    });
  }

  it('gpu.midTrain, a training ends once with one set of weights', { timeout: 120_000 }, async () => {
    product.simulator.control({ crashes: [{ at: 'midTrain', effect: 'restart', times: 1 }] });
    const draft = await createReadyDraft(person);
    const input = { modelId: draft, preset: 'fast', idempotencyKey: newId() } as const;
    const { id } = await person.client.training.start.mutate(input);
    const ended = await until(() => person.client.training.get.query({ id }), hasEnded, HEALED_MS);
    expect(ended.job.state).toBe('succeeded');
    expect(ended.weights).toHaveLength(1);
  });
});
