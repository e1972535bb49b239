/** I13: API and worker whose clocks are wrong, by minutes or suddenly by an hour. Database, Redis, store and GPU have the true one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ticketToken } from '@pixgen/core';
import { type GenerationView, newId } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock, findFakeTime } from '../testing/fake-clock.ts';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { createReadyDraft, createTrainedModel, hasEnded, until } from '../testing/studio.ts';

const MINUTE_MS = 60_000;
const PRICE = 1_000;
const TICKET_KEY = 'a key of tests, longer than 32 bytes';
/** A wait of 15 s for a sign of life, two passes of the reconciler, and a busy machine. */
const RECONCILED_MS = 90_000;
/**
 * A queue task that was put off to a time that is now an hour away is given up after a minute; a store that refuses what is
 * signed an hour ago is waited for like one that is away, between each of three attempts.
 */
const RECOVERED_MS = 500_000;

const library = findFakeTime();
if (library === null) {
  const missing = 'libfaketime is not installed (Debian: apt-get install faketime)';
  it(`is not looked at: ${missing}`, ({ skip }) => {
    if (process.env.CI) throw new Error(missing);
    skip(missing);
  });
}

let folder: string;
let clocks: { api: FakeClock; worker: FakeClock };
let product: Product;
let person: Person;
let modelId: string;

describe.skipIf(library === null)('clocks that are wrong', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pixgen-clocks-'));
    const clock = (name: string): FakeClock => createFakeClock(library ?? '', join(folder, name));
    clocks = { api: clock('api'), worker: clock('worker') };
    product = await startProduct({
      env: { TICKET_KEY, IMAGE_PRICE_MICRO_USD: String(PRICE) },
      apiEnv: clocks.api.env,
      workerEnv: clocks.worker.env,
      simulator: { heartbeatMs: 1_000, progressMs: 1_000, maxTries: 2, retryBaseMs: 10 },
    });
    person = await product.createPerson();
    modelId = await createTrainedModel(person);
  }, 90_000);
  afterAll(async () => {
    await product.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    setClocks(0, 0);
    product.simulator.control({ imageMs: 0, capacity: null });
  });

  it('are wrong, and tell true how long something took', () => {
    const look = 'const t = performance.now(); setTimeout(() => console.log(Date.now(), performance.now() - t), 50)';
    clocks.api.set(-60 * MINUTE_MS);
    const env = { ...process.env, ...clocks.api.env };
    const [now, tookMs] = spawnSync(process.execPath, ['-e', look], { env, encoding: 'utf8' })
      .stdout.split(' ')
      .map(Number);
    expect(Math.round((Date.now() - (now ?? 0)) / MINUTE_MS)).toBe(60);
    expect(tookMs).toBeGreaterThanOrEqual(45);
  });

  it.each([
    [4, -4],
    [-4, 4],
  ])(
    'by %i min (API) and %i min (worker): events are accepted, and work that tells its progress is left alone',
    {
      timeout: 150_000,
    },
    async (apiMin, workerMin) => {
      setClocks(apiMin * MINUTE_MS, workerMin * MINUTE_MS);
      // Photos are signed, sent, read and copied by both.
      await createReadyDraft(person);
      // Long enough for the reconciler to come by.
      product.simulator.control({ imageMs: 4_000 });
      const ended = await drawn(await draw(4));
      expect(answersOf(ended)).toEqual(new Set([202]));
      await expectPaidOnce(ended, 4);
    },
  );

  it.each([
    [10, -10],
    [-10, 10],
  ])(
    'by %i min (API) and %i min (worker): no event is accepted, and the reconciler ends the job',
    {
      timeout: 150_000,
    },
    async (apiMin, workerMin) => {
      setClocks(apiMin * MINUTE_MS, workerMin * MINUTE_MS);
      await createReadyDraft(person);
      const ended = await drawn(await draw(2));
      expect(answersOf(ended)).toEqual(new Set([401]));
      await expectPaidOnce(ended, 2);
    },
  );

  it('that jump back by an hour hang no job, pay none twice, and need nobody when they are right again', {
    timeout: 2 * RECOVERED_MS,
  }, async () => {
    product.simulator.control({ imageMs: 2_000, capacity: 1 });
    const atWork = await draw(2);
    await until(
      () => view(atWork),
      ({ job }) => job.state === 'running',
    );
    // Every GPU is busy: its task is put off by the worker's clock, again and again.
    const waiting = await draw(2);
    await until(
      () => view(waiting),
      ({ job }) => job.state === 'dispatching',
    );
    setClocks(-60 * MINUTE_MS, -60 * MINUTE_MS);
    const later = await draw(2);
    const ended: GenerationView[] = [];
    for (const id of [atWork, waiting, later]) ended.push(await until(() => view(id), hasEnded, RECOVERED_MS));
    await expectNothingHeld();
    for (const { id } of ended) await expectOneEnd(id);

    setClocks(0, 0);
    product.simulator.control({ imageMs: 0, capacity: null });
    await expectPaidOnce(await drawn(await draw(2)), 2);
    // What had ended stays as it was.
    for (const before of ended) expect((await view(before.id)).job).toEqual(before.job);
    for (const { job } of ended) {
      const token = ticketToken(TICKET_KEY, job.id, job.attempt);
      const claim = { jobId: job.id, attempt: job.attempt, token, callId: 'late' };
      expect((await post('/gpu/claim', claim)).status).toBe(410);
    }
  });
});

function setClocks(apiMs: number, workerMs: number): void {
  clocks.api.set(apiMs);
  clocks.worker.set(workerMs);
}

const view = (id: string): Promise<GenerationView> => person.client.generation.get.query({ id });
const drawn = (id: string): Promise<GenerationView> => until(() => view(id), hasEnded, RECONCILED_MS);

async function draw(n: number): Promise<string> {
  return (await person.client.generation.start.mutate({ modelId, prompt: 'rain', n, idempotencyKey: newId() })).id;
}

function post(path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(new URL(path, product.apiUrl), { method: 'POST', headers, body: JSON.stringify(body) });
}

/** How the API answered the events of this job. */
function answersOf({ job }: GenerationView): Set<number | null> {
  const lines = product.simulator.record().lines;
  return new Set(lines.flatMap((line) => (line.kind === 'event' && line.jobId === job.id ? [line.httpStatus] : [])));
}

/** It went through at the first attempt and with one claim, and costs what it drew. */
async function expectPaidOnce({ id, job, counts }: GenerationView, images: number): Promise<void> {
  expect(job).toMatchObject({ state: 'succeeded', attempt: 1, costMicroUsd: images * PRICE });
  expect(counts).toEqual({ planned: images, ready: images, failed: 0 });
  const { attempts } = await person.client.jobs.get.query({ id: job.id });
  expect(attempts).toMatchObject([{ attempt: 1, claims: 1 }]);
  await expectOneEnd(id);
  await expectNothingHeld();
}

/** One final line of history, and a hold that was settled for what is there and released for the rest. */
async function expectOneEnd(id: string): Promise<void> {
  const { job, counts } = await view(id);
  const { prisma } = product.db;
  const { state, holdMicroUsd, costMicroUsd } = await prisma.job.findUniqueOrThrow({ where: { id: job.id } });
  expect(Number(costMicroUsd)).toBe(state === 'succeeded' ? counts.ready * PRICE : 0);
  const history = await prisma.jobEvent.findMany({ where: { jobId: job.id, type: state } });
  expect(history).toHaveLength(1);
  const entries = await prisma.ledgerEntry.findMany({ where: { jobId: job.id } });
  const sum = (entry: string) =>
    entries.filter((row) => row.entry === entry).reduce((total, row) => total + row.amountMicroUsd, 0n);
  expect([sum('hold'), sum('settle'), sum('settle') + sum('release')]).toEqual([
    holdMicroUsd,
    costMicroUsd,
    holdMicroUsd,
  ]);
}

async function expectNothingHeld(): Promise<void> {
  const user = await product.db.prisma.user.findUniqueOrThrow({ where: { id: person.userId } });
  expect(user.heldMicroUsd).toBe(0n);
}
