/**
 * Money under every interleaving: orders, repetitions, events, ends of attempts, cancellations and expiries of a few jobs
 * in drawn orders, some of them at the same time, next to a model of a few lines. `TEST_DOSE=full` draws 1,000 sequences;
 * `mutant` draws few and looks for no shorter one that fails.
 */
import { createHash } from 'node:crypto';
import { AppError, type DurableGpuEvent, FINAL_STATES, isFinal, type JobState, newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { applyEvents } from './apply-events.ts';
import { cancelJob } from './cancel-job.ts';
import { endAttempt } from './end-attempt.ts';
import { move } from './next-move.ts';

const PRICE = 1_000;
/** Room for six images at a time; a sequence asks for more. */
const BUDGET = 6 * PRICE;
const DOSE = process.env.TEST_DOSE;
const SEQUENCES = DOSE === 'full' ? 1_000 : DOSE === 'mutant' ? 4 : 20;
const BYTES = Buffer.from('a finished image');
const OBJECT = { sizeBytes: BYTES.length, sha256: createHash('sha256').update(BYTES).digest('base64') };

let test: TestDeps;
let deps: Deps;
beforeAll(async () => {
  test = await createTestDeps({ prices: { trainMicroUsd: 0, imageMicroUsd: PRICE } });
  ({ deps } = test);
});
afterAll(() => test.close());

/** One thing that happens; `job` and `key` stand for one of the sequence, whatever there is. */
type Step =
  | { do: 'order'; key: number; n: number }
  | { do: 'order the same at once'; key: number; n: number }
  | { do: 'claim' | 'cancel' | 'expire' | 'image' | 'succeed' | 'cancel while it succeeds'; job: number }
  | { do: 'fail' | 'end attempt'; job: number; retryable: boolean };

const job = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('order' as const), key: fc.nat(4), n: fc.integer({ min: 1, max: 4 }) }),
  },
  fc.record({ do: fc.constant('order the same at once' as const), key: fc.nat(4), n: fc.integer({ min: 1, max: 4 }) }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), job }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel', 'expire', 'image', 'image', 'succeed', 'succeed', 'cancel while it succeeds'),
      job,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('fail', 'end attempt'), job, retryable: fc.boolean() }) },
);

/** What must be true of an order that was accepted: what it may cost, and how it ended for whom nothing is unknown. */
type Expected = { jobId: string; n: number; images: string[]; drawn: Set<string>; ended: JobState | null };

it('holds what is open, settles what was used, and gives the rest back, in whatever order things happen', {
  timeout: DOSE === 'full' ? 3_600_000 : 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 28, size: 'max' }), async (steps) => {
      const actor = await createActor(deps);
      await deps.db.prisma.user.update({ where: { id: actor.userId }, data: { budgetLimitMicroUsd: BigInt(BUDGET) } });
      const sequence = createSequence(actor, await createTrainedModel(actor.userId));
      for (const one of steps) {
        await sequence.take(one);
        await sequence.checkUser();
      }
      await sequence.check();
      await sequence.endAll();
      await sequence.check();
    }),
    { seed: 20261122, numRuns: SEQUENCES, endOnFailure: DOSE === 'mutant' },
  );
});

function createSequence(actor: Actor, modelId: string) {
  const orders = new Map<number, Expected>();
  const { userId } = actor;
  const keyNames = new Map<number, string>();
  const nameOf = (key: number): string => keyNames.get(key) ?? keyNames.set(key, newId()).get(key) ?? '';
  /** A job of the sequence; none before the first order. */
  const pick = (index: number): Expected | undefined =>
    [...orders.values()].at(-1 - (index % Math.max(1, orders.size)));
  const open = (): number =>
    [...orders.values()].reduce((sum, { ended, n }) => sum + (ended === null ? n * PRICE : 0), 0);
  const spent = (): number => [...orders.values()].reduce((sum, order) => sum + costOf(order), 0);

  async function order(key: number, n: number): Promise<void> {
    const known = orders.get(key);
    const fits = open() + spent() + n * PRICE <= BUDGET;
    const input = { modelId, prompt: 'rain', n, negativePrompt: '', loraWeight: 1, idempotencyKey: nameOf(key) };
    const answer = await startGeneration(deps, actor, input).catch((error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    });
    if (known) {
      if (known.n === n) expect(answer).toMatchObject({ job: { id: known.jobId } });
      else expect(answer).toBe('IDEMPOTENCY_KEY_REUSED');
    } else if (!fits) expect(answer).toBe('QUOTA_EXCEEDED');
    else {
      if (typeof answer === 'string') throw new Error(`${answer} although the budget has room`);
      const images = answer.images.map(({ id }) => id);
      orders.set(key, { jobId: answer.job.id, n, images, drawn: new Set(), ended: null });
    }
  }

  async function currentClaim(jobId: string): Promise<{ jobId: string; attempt: number; claimEpoch: number } | null> {
    const fence = await deps.jobs.readFence(jobId);
    return fence?.state === 'running' ? { jobId, attempt: fence.attempt, claimEpoch: fence.claimEpoch } : null;
  }

  async function drawn(head: { jobId: string; attempt: number; claimEpoch: number }, imageId: string) {
    const key = keys.gpuObject({ userId, ...head, name: `image-${imageId}.png` });
    await deps.storage.write(key, BYTES, 'image/png');
    return { status: 'succeeded', key, ...OBJECT, width: 64, height: 64, gpuMs: 1, safety: null } as const;
  }

  /** As the webhook stores it, and twice: the second time nothing may happen. */
  async function deliver(event: DurableGpuEvent): Promise<void> {
    const stored = await deps.jobs.storeEvent({ webhookId: `msg_${newId()}`, event });
    if (stored.outcome !== 'stored') return;
    await applyEvents(deps, [stored.id]);
    await applyEvents(deps, [stored.id]);
  }

  async function succeed(expected: Expected): Promise<void> {
    const head = await currentClaim(expected.jobId);
    const [first] = expected.images;
    if (!head || !first) return;
    const rest = expected.images.slice(1).map((imageId) => ({
      imageId,
      result: { status: 'failed', code: 'GPU_OUT_OF_MEMORY', safety: null } as const,
    }));
    const images = [{ imageId: first, result: await drawn(head, first) }, ...rest];
    await deliver({ type: 'succeeded', ...head, gpuMs: 1, training: null, images });
    expected.drawn.add(first);
  }

  async function cancel({ jobId }: Expected): Promise<void> {
    const read = () => deps.db.prisma.job.findUniqueOrThrow({ where: { id: jobId } });
    const job = await read();
    await cancelJob(deps, job as never, read as never).catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === 'STATE_CONFLICT')) throw error;
    });
  }

  /** What became of the job, where the model leaves it open who came first. Once it has ended it may never change. */
  async function follow(expected: Expected): Promise<void> {
    const { state } = await deps.db.prisma.job.findUniqueOrThrow({ where: { id: expected.jobId } });
    if (expected.ended !== null) expect(state).toBe(expected.ended);
    else if (isFinal(state as JobState)) expected.ended = state as JobState;
  }

  async function take(one: Step): Promise<void> {
    if (one.do === 'order') return order(one.key, one.n);
    if (one.do === 'order the same at once') {
      await order(one.key, one.n);
      await Promise.all([order(one.key, one.n), order(one.key, one.n + 1)].slice(0, orders.has(one.key) ? 2 : 1));
      return;
    }
    const expected = pick(one.job);
    if (!expected) return;
    const { jobId } = expected;
    const before = await deps.jobs.readFence(jobId);
    const attempt = before?.attempt ?? 1;
    const head = await currentClaim(jobId);
    switch (one.do) {
      case 'claim':
        await deps.jobs.move(move(jobId, attempt, 'dispatching'));
        await deps.jobs.claim({ jobId, attempt, callId: `call-${attempt}` });
        break;
      case 'image': {
        const imageId = expected.images.at(-1);
        if (!head || !imageId) break;
        await deliver({ type: 'image', ...head, imageId, result: await drawn(head, imageId) });
        expected.drawn.add(imageId);
        break;
      }
      case 'succeed':
        await succeed(expected);
        await follow(expected);
        if (head) expect(expected.ended).toBe('succeeded');
        break;
      case 'fail':
        if (head) await deliver({ type: 'failed', ...head, gpuMs: 1, code: 'GPU_LOST', retryable: one.retryable });
        break;
      case 'end attempt':
        await endAttempt(deps, { jobId, attempt, cause: 'WENT_SILENT', retryable: one.retryable });
        break;
      case 'cancel':
        await cancel(expected);
        break;
      case 'expire':
        await deps.jobs.move(move(jobId, attempt, 'expired', { cause: 'DEADLINE' }));
        break;
      case 'cancel while it succeeds':
        await Promise.all([cancel(expected), succeed(expected)]);
        break;
    }
    await follow(expected);
  }

  async function checkUser(): Promise<void> {
    const user = await deps.db.prisma.user.findUniqueOrThrow({ where: { id: userId } });
    const [held, used] = [Number(user.heldMicroUsd), Number(user.spentMicroUsd)];
    expect([held, used]).toEqual([open(), spent()]);
    expect(held + used).toBeLessThanOrEqual(BUDGET);
  }

  async function check(): Promise<void> {
    await checkUser();
    expect(await deps.db.prisma.job.count({ where: { userId } })).toBe(orders.size);
    for (const expected of orders.values()) {
      const { jobId, n, ended } = expected;
      const entries = await deps.db.prisma.ledgerEntry.findMany({ where: { jobId } });
      const amounts = (name: string) =>
        entries.filter(({ entry }) => entry === name).map((row) => Number(row.amountMicroUsd));
      const cost = costOf(expected);
      expect(amounts('hold')).toEqual([n * PRICE]);
      expect(amounts('settle')).toEqual(cost > 0 ? [cost] : []);
      expect(amounts('release')).toEqual(ended !== null && cost < n * PRICE ? [n * PRICE - cost] : []);
      const ends = await deps.db.prisma.jobEvent.findMany({ where: { jobId, type: { in: [...FINAL_STATES] } } });
      expect(ends.map(({ type }) => type)).toEqual(ended === null ? [] : [ended]);
      const row = await deps.db.prisma.job.findUniqueOrThrow({ where: { id: jobId } });
      expect([row.state, Number(row.costMicroUsd)]).toEqual([ended ?? row.state, cost]);
    }
  }

  async function endAll(): Promise<void> {
    for (const expected of orders.values()) {
      await cancel(expected);
      await follow(expected);
      expect(expected.ended).not.toBeNull();
    }
    expect(open()).toBe(0);
  }

  return { take, checkUser, check, endAll };
}

/** Only success costs, and only what was drawn. */
function costOf({ ended, drawn }: Expected): number {
  return ended === 'succeeded' ? drawn.size * PRICE : 0;
}

async function createTrainedModel(userId: string): Promise<string> {
  const [id, trainingId] = [newId(), newId()];
  const data = { id, userId, name: 'Ada', classWord: 'woman', triggerWord: `sks_${id}`, state: 'ready' };
  await deps.db.prisma.model.create({ data });
  await deps.db.prisma.training.create({
    data: { id: trainingId, userId, modelId: id, profile: 'nano', preset: 'fast', settings: {}, photoIds: [] },
  });
  const file = { storageKey: `o/${newId()}`, ...OBJECT, profile: 'nano', step: 1, final: true };
  await deps.db.prisma.weights.create({ data: { id: newId(), userId, modelId: id, trainingId, ...file } });
  return id;
}
