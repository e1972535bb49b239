/** What happens when parts fail in the middle of a job. Each test names the promise it holds. */
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { createReadyDraft, createTrainedModel, hasEnded, until } from '../testing/studio.ts';

/** The reconciler may need two of its passes and the heartbeat limit before it acts. */
const RECONCILED_MS = 60_000;
/** Longer than that and the steps before it. */
const TEST = { timeout: 120_000 };

let product: Product;
let person: Person;
beforeAll(async () => {
  product = await startProduct();
  person = await product.createPerson();
});
afterAll(() => product.stop());
beforeEach(() => {
  product.simulator.control({
    eventFaults: [],
    crashes: [],
    submitFaults: [],
    stepMs: 0,
    imageMs: 0,
    startMs: 0,
    capacity: null,
    failJob: null,
    failImage: null,
  });
});

const startTraining = async () => {
  const modelId = await createReadyDraft(person);
  return person.client.training.start.mutate({ modelId, preset: 'fast', idempotencyKey: newId() });
};
const training = (id: string) => () => person.client.training.get.query({ id });
const generation = (id: string) => () => person.client.generation.get.query({ id });
const claims = (jobId: string) =>
  product.simulator
    .record()
    .lines.filter((line) => line.kind === 'claim' && line.jobId === jobId && line.httpStatus === 200);

describe('a training', TEST, () => {
  it('still ends succeeded, once, when the worker is killed in the middle', async () => {
    product.simulator.control({ stepMs: 200 });
    const { id, job } = await startTraining();
    await until(training(id), (view) => view.job.state === 'running');
    await product.worker.kill('SIGKILL');
    product.simulator.control({ stepMs: 0 });
    await product.worker.start();
    const ended = await until(training(id), hasEnded, RECONCILED_MS);
    expect(ended.job).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(ended.weights).toHaveLength(1);
    expect(claims(job.id)).toHaveLength(1);
  });

  it('still succeeds when every event is lost: the return value tells the end', async () => {
    product.simulator.control({ eventFaults: [{ action: 'drop' }] });
    const { id } = await startTraining();
    const ended = await until(training(id), hasEnded, RECONCILED_MS);
    expect(ended.job).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(ended.weights).toHaveLength(1);
  });

  it('goes on as the next attempt when its call is lost, and keeps one set of weights', async () => {
    product.simulator.control({ crashes: [{ at: 'midTrain', effect: 'lost' }] });
    const { id } = await startTraining();
    await until(training(id), (view) => view.job.attempt === 2, RECONCILED_MS);
    product.simulator.control({ crashes: [] });
    const ended = await until(training(id), hasEnded, RECONCILED_MS);
    expect(ended.job).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(ended.weights).toHaveLength(1);
  });

  it('claims again with the next epoch after a pre-emption, in the same attempt', async () => {
    product.simulator.control({ crashes: [{ at: 'midTrain', effect: 'restart' }] });
    const { id, job } = await startTraining();
    const ended = await until(training(id), hasEnded, RECONCILED_MS);
    expect(ended.job).toMatchObject({ state: 'succeeded', attempt: 1 });
    const { attempts } = await person.client.jobs.get.query({ id: job.id });
    expect(attempts).toMatchObject([{ attempt: 1, claims: 2 }]);
  });

  it('ends failed with a cause and no cost when the GPU says that it can never work', async () => {
    product.simulator.control({ failJob: { code: 'PHOTO_UNREADABLE', retryable: false } });
    const { id } = await startTraining();
    const ended = await until(training(id), hasEnded);
    expect(ended.job).toMatchObject({
      state: 'failed',
      attempt: 1,
      costMicroUsd: 0,
      failure: { code: 'PHOTO_UNREADABLE' },
    });
    expect(ended.job.failure?.nextStep).not.toBe('');
  });

  it('uses up its attempts when the GPU fails again and again, then ends', async () => {
    product.simulator.control({ failJob: { code: 'GPU_INTERNAL', retryable: true } });
    const { id } = await startTraining();
    const ended = await until(training(id), hasEnded, RECONCILED_MS);
    expect(ended.job).toMatchObject({ state: 'failed', attempt: 3, failure: { code: 'GPU_INTERNAL' } });
    product.simulator.control({ failJob: null });
    const again = await person.client.training.retry.mutate({ id, idempotencyKey: newId() });
    expect(again.job.id).not.toBe(ended.job.id);
    expect((await until(training(id), hasEnded)).job.state).toBe('succeeded');
  });
});

describe('duplicated, reordered and forged events', TEST, () => {
  it('change nothing twice', async () => {
    const modelId = await createTrainedModel(person);
    product.simulator.control({
      eventFaults: [
        { action: 'duplicate', probability: 0.5 },
        { action: 'reorder', probability: 0.3 },
        { action: 'forge', probability: 0.5 },
      ],
    });
    const orders = await Promise.all(
      Array.from({ length: 8 }, () =>
        person.client.generation.start.mutate({ modelId, prompt: 'rain', n: 3, idempotencyKey: newId() }),
      ),
    );
    for (const { id } of orders) {
      const ended = await until(generation(id), hasEnded, RECONCILED_MS);
      expect(ended).toMatchObject({ job: { state: 'succeeded', attempt: 1 }, counts: { ready: 3, failed: 0 } });
    }
  });
});

describe('a generation', () => {
  it('keeps the images it has when others fail, and a retry draws only the rest', async () => {
    const modelId = await createTrainedModel(person);
    product.simulator.control({ failImage: { probability: 0.5, code: 'GPU_OUT_OF_MEMORY' } });
    const { id } = await person.client.generation.start.mutate({
      modelId,
      prompt: 'rain',
      n: 12,
      idempotencyKey: newId(),
    });
    const partial = await until(generation(id), hasEnded);
    expect(partial.job.state).toBe('succeeded');
    expect(partial.counts.failed).toBeGreaterThan(0);
    expect(partial.counts.ready + partial.counts.failed).toBe(12);
    const kept = partial.images.filter((image) => image.state === 'ready').map((image) => image.id);
    product.simulator.control({ failImage: null });
    await person.client.generation.retry.mutate({ id, idempotencyKey: newId() });
    const whole = await until(generation(id), (view) => hasEnded(view) && view.counts.failed === 0);
    expect(whole.counts.ready).toBe(12);
    for (const imageId of kept) expect(whole.images.find((image) => image.id === imageId)?.state).toBe('ready');
  });

  it('waits while every GPU is busy, then is drawn', async () => {
    const modelId = await createTrainedModel(person);
    product.simulator.control({ capacity: 0 });
    const { id } = await person.client.generation.start.mutate({ modelId, prompt: 'rain', idempotencyKey: newId() });
    await until(generation(id), (view) => view.job.state === 'dispatching');
    product.simulator.control({ capacity: null });
    expect((await until(generation(id), hasEnded, RECONCILED_MS)).job).toMatchObject({
      state: 'succeeded',
      attempt: 1,
    });
  });
});

describe('cancel', () => {
  it('ends a running job at once, stops its call, and later events change nothing', async () => {
    const modelId = await createTrainedModel(person);
    product.simulator.control({ imageMs: 500 });
    const { id, job } = await person.client.generation.start.mutate({
      modelId,
      prompt: 'rain',
      n: 16,
      idempotencyKey: newId(),
    });
    await until(generation(id), (view) => view.counts.ready > 0);
    const cancelled = await person.client.generation.cancel.mutate({ id });
    expect(cancelled.job).toMatchObject({ state: 'cancelled', costMicroUsd: 0 });
    await until(
      async () => product.simulator.record().lines.filter((line) => line.kind === 'cancel' && line.jobId === job.id),
      (lines) => lines.length > 0,
    );
    const after = await person.client.jobs.get.query({ id: job.id });
    expect(after.state).toBe('cancelled');
    expect(after.events.at(-1)?.type).toBe('cancelled');
  });

  it('works before a GPU has the job, and is refused after the end', async () => {
    const modelId = await createTrainedModel(person);
    product.simulator.control({ capacity: 0 });
    const { id } = await person.client.generation.start.mutate({ modelId, prompt: 'rain', idempotencyKey: newId() });
    expect((await person.client.generation.cancel.mutate({ id })).job.state).toBe('cancelled');
    await expect(person.client.generation.cancel.mutate({ id })).rejects.toMatchObject({
      data: { appCode: 'STATE_CONFLICT', httpStatus: 409 },
    });
  });
});

describe('a GPU that refuses the ticket', () => {
  it('ends the job at once with a reason and at no cost', async () => {
    const modelId = await createTrainedModel(person);
    product.simulator.control({ submitFaults: [{ answer: 'refuse' }] });
    const { id } = await person.client.generation.start.mutate({ modelId, prompt: 'rain', idempotencyKey: newId() });
    const ended = await until(generation(id), hasEnded, 5_000);
    expect(ended.job).toMatchObject({ state: 'failed', attempt: 1, costMicroUsd: 0, failure: { code: 'GPU_REFUSED' } });
  });
});

describe('a submit whose answer was lost', () => {
  it('costs a second call at most: one of the two claims, the other stops without work', {
    timeout: 120_000,
  }, async () => {
    const modelId = await createTrainedModel(person);
    product.simulator.control({ submitFaults: [{ answer: 'acceptThenError', probability: 0.7 }] });
    const { id, job } = await person.client.generation.start.mutate({
      modelId,
      prompt: 'rain',
      idempotencyKey: newId(),
    });
    expect((await until(generation(id), hasEnded, RECONCILED_MS)).job).toMatchObject({
      state: 'succeeded',
      attempt: 1,
    });
    expect(claims(job.id)).toHaveLength(1);
  });
});
