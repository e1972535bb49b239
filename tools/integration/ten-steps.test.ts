/** One training and one generation, end to end, in the order of the design: the walk of a job, readable and run. */
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { createReadyDraft, hasEnded, until } from '../testing/studio.ts';

let product: Product;
let person: Person;
beforeAll(async () => {
  product = await startProduct({ simulator: { checkpointEverySteps: 5, fetchSources: true } });
  person = await product.createPerson();
});
afterAll(() => product.stop());

describe('one training, end to end', () => {
  let modelId: string;
  let trainingId: string;
  let jobId: string;

  it('1. starts from validated photos and a consent', async () => {
    modelId = await createReadyDraft(person);
    const model = await person.client.models.get.query({ id: modelId });
    expect(model).toMatchObject({
      state: 'draft',
      photoCounts: { ready: 5, pending: 0, refused: 0 },
      consent: { subject: 'not-a-person' },
    });
    expect(model.triggerWord).toMatch(/^sks_[a-z2-7]{6}$/);
  });

  it('2. is accepted in one transaction and answers at once; the same key answers the same', async () => {
    const order = { modelId, preset: 'fast', idempotencyKey: newId() } as const;
    const training = await person.client.training.start.mutate(order);
    expect(training.job).toMatchObject({ state: 'queued', attempt: 1 });
    expect(await person.client.training.start.mutate(order)).toEqual(training);
    ({ id: trainingId } = training);
    jobId = training.job.id;
  });

  it('3. to 5. is put on the queue, dispatched with a ticket, and claimed once by the call that was submitted', async () => {
    const attempt = await until(
      () => product.db.prisma.jobAttempt.findFirst({ where: { jobId, attempt: 1 } }),
      (row) => row?.claimedCallId !== null,
    );
    const submits = product.simulator.record().lines.filter((line) => line.kind === 'submit' && line.jobId === jobId);
    expect(submits).toMatchObject([{ callId: attempt?.claimedCallId }]);
    expect(attempt?.claimEpoch).toBe(1);
  });

  it('6. to 8. uploads, reports and is applied: weights, loss and state in one piece', async () => {
    const training = await until(() => person.client.training.get.query({ id: trainingId }), hasEnded);
    expect(training.job).toMatchObject({ state: 'succeeded', attempt: 1, failure: null });
    expect(training.weights.filter(({ final }) => final)).toHaveLength(1);
    expect(training.lossHistory.length).toBeGreaterThan(1);
    expect(await person.client.models.get.query({ id: modelId })).toMatchObject({ state: 'ready' });
    const file = await person.client.models.download.query({ id: modelId });
    const weights = Buffer.from(await (await fetch(file.url)).arrayBuffer());
    expect(weights.length).toBe(training.weights[0]?.sizeBytes);
    const kohya = await person.client.models.download.query({ id: modelId, layout: 'kohya' });
    expect((await fetch(kohya.url)).status).toBe(200);
    expect(kohya.fileName).toMatch(/-kohya\.safetensors$/);
    expect(training.samples.map((sample) => sample.prompt)).toEqual(training.settings.samplePrompts);
  });

  it('9. has told its whole story as numbered events', async () => {
    const job = await person.client.jobs.get.query({ id: jobId });
    const types = job.events.map((event) => event.type);
    const onTheWay = new Set(['checkpoint', 'sample', 'weights']);
    expect(types.filter((type) => !onTheWay.has(type))).toEqual(['queued', 'dispatching', 'running', 'succeeded']);
    expect(types).toEqual(expect.arrayContaining([...onTheWay]));
    const numbers = job.events.map((event) => Number(event.number));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  it('10. leaves nothing to reconcile: no outbox row, no unapplied event, one submit and one claim at the provider', async () => {
    await until(
      () => product.db.prisma.gpuEvent.count({ where: { appliedAt: null } }),
      (count) => count === 0,
    );
    expect(await product.db.prisma.outbox.count()).toBe(0);
    const { totals } = product.simulator.record();
    expect(totals).toMatchObject({ submits: 1, claims: 1 });
  });
});

describe('one generation, end to end', () => {
  it('draws every planned image with trigger and class word exactly once, seed by seed, and shows it to its owner alone', async () => {
    const modelId = (await person.client.models.list.query({ limit: 1 })).items[0]?.id ?? '';
    const order = { modelId, prompt: 'a dog in the rain', n: 4, seed: 7, idempotencyKey: newId() };
    const accepted = await person.client.generation.start.mutate(order);
    expect(accepted.images.map((image) => [image.state, image.seed])).toEqual(
      [7, 8, 9, 10].map((seed) => ['planned', seed]),
    );
    const generation = await until(() => person.client.generation.get.query({ id: accepted.id }), hasEnded);
    expect(generation).toMatchObject({ job: { state: 'succeeded' }, counts: { planned: 4, ready: 4, failed: 0 } });
    expect(generation.images.map((image) => image.id)).toEqual(accepted.images.map((image) => image.id));
    const { triggerWord } = await person.client.models.get.query({ id: modelId });
    expect(generation.images[0]?.compiledPrompt).toBe(`a ${triggerWord} dog in the rain`);

    const image = generation.images[0]?.id ?? '';
    const own = await fetch(`${product.apiUrl}/i/${image}?w=128`, {
      headers: { authorization: `Bearer ${person.apiKey}` },
    });
    expect(own.status).toBe(200);
    expect(own.headers.get('cache-control')).toContain('private');
    const other = await product.createPerson('Mallory');
    const foreign = await fetch(`${product.apiUrl}/i/${image}?w=128`, {
      headers: { authorization: `Bearer ${other.apiKey}` },
    });
    const absent = await fetch(`${product.apiUrl}/i/${newId()}?w=128`, {
      headers: { authorization: `Bearer ${other.apiKey}` },
    });
    expect([foreign.status, await foreign.text()]).toEqual([absent.status, await absent.text()]);
    expect(foreign.status).toBe(404);
  });

  it('runs a pack as one generation that pins the pack’s version', async () => {
    const modelId = (await person.client.models.list.query({ limit: 1 })).items[0]?.id ?? '';
    const run = await person.client.packs.run.mutate({ slug: 'cinematic-portraits', modelId, idempotencyKey: newId() });
    const generation = await until(() => person.client.generation.get.query({ id: run.id }), hasEnded);
    expect(generation).toMatchObject({
      job: { state: 'succeeded' },
      prompt: null,
      pack: { slug: 'cinematic-portraits', version: 1 },
    });
    expect(generation.counts.ready).toBeGreaterThanOrEqual(3);
    for (const image of generation.images) expect(image.compiledPrompt.match(/sks_[a-z2-7]{6} dog/g)).toHaveLength(1);
  });
});
