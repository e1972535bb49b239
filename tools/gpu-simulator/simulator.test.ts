/** The faults on demand: each does what it says, is in the record, and a seed replays. */

import type { GpuBackend } from '@pixgen/core';
import { createLocalBackend } from '@pixgen/core';
import { type CallStatus, newId, type TrainSettings, terminalEvent } from '@pixgen/domain';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiStub, type OrderBody, type StubJob, startApiStub } from './api-stub.ts';
import type { SimulatorConfigInput } from './faults.ts';
import { isInside } from './inside.ts';
import { drawSimulatedPng } from './png.ts';
import { type Simulator, startSimulator } from './simulator.ts';

const SOURCE = { url: 'http://127.0.0.1:1/never-fetched', sizeBytes: 10, sha256: null };

let stub: ApiStub;
let simulator: Simulator;
let backend: GpuBackend;
beforeEach(async () => {
  stub = await startApiStub();
});
afterEach(async () => {
  await backend.close();
  await simulator.close();
  await stub.close();
});

/** @param timeoutMs of a call to the simulator; short only where it never answers: a slow machine is no fault */
async function start(config: SimulatorConfigInput, timeoutMs = 20_000): Promise<void> {
  simulator = await startSimulator({ apiBase: stub.base, config: { retryBaseMs: 5, ...config } });
  backend = createLocalBackend({ url: simulator.url, timeoutMs });
}

function images(count: number): OrderBody {
  const planned = Array.from({ length: count }, (_, seed) => ({
    imageId: newId(),
    prompt: 'sks_abc234 toy',
    negativePrompt: '',
    seed,
  }));
  const weights = { ...SOURCE, weight: 1 };
  const how = { steps: 4, guidance: 5, scheduler: 'euler', draft: false, format: 'png' } as const;
  return { kind: 'generate', weights, width: 128, height: 128, ...how, images: planned };
}

function training(steps: number): OrderBody {
  const photos = Array.from({ length: 5 }, () => ({ photoId: newId(), ...SOURCE }));
  const settings: TrainSettings = {
    ...{ steps, rank: 4, learningRate: 1e-3, resolution: 128, batchSize: 1, seed: 7 },
    ...{ priorWeight: 0, captions: 'auto', checkpointEveryMs: 60_000, samplePrompts: [] },
    stopEarly: false,
  };
  const order = { triggerWord: 'sks_abc234', classWord: 'toy', settings, photos, resume: null };
  return { kind: 'train', ...order };
}

async function run(job: StubJob): Promise<CallStatus> {
  const { callId } = await backend.submit(job.ticket, job.order.kind);
  return ended(callId);
}

async function ended(callId: string): Promise<CallStatus> {
  for (;;) {
    const status = await backend.status(callId);
    if (status.state !== 'pending') return status;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const typesOf = (job: StubJob) => job.events.map(({ event }) => event.type);
const lines = (kind: string) => simulator.record().lines.filter((line) => line.kind === kind);

describe('what a real GPU shows of its work', () => {
  it('sends a small WebP of a picture while it is drawn, before the picture itself', async () => {
    await start({ imageMs: 40 });
    const order = images(1);
    const job = stub.addJob({ ...order, width: 256, height: 512 } as OrderBody);
    await run(job);
    await until(() => typesOf(job).includes('preview'));
    const previews = job.events.flatMap(({ event }) => (event.type === 'preview' ? event.images : []));
    expect(previews.map(({ imageId }) => imageId)).toEqual(order.kind === 'generate' ? [order.images[0]?.imageId] : []);
    const { format, width, height } = await sharp(Buffer.from(previews[0]?.webp ?? '', 'base64')).metadata();
    expect({ format, width, height }).toEqual({ format: 'webp', width: 64, height: 128 });
    expect(typesOf(job).indexOf('preview')).toBeLessThan(typesOf(job).indexOf('succeeded'));
    expect(stub.faults).toEqual([]);
  });
});

describe('lost, late and false events', () => {
  it('drops every event, and the result can still be read from the call', async () => {
    await start({ eventFaults: [{ action: 'drop' }] });
    const job = stub.addJob(images(2));
    expect(await run(job)).toMatchObject({ state: 'finished', result: { type: 'succeeded' } });
    expect(job.events).toEqual([]);
    expect(lines('event')).toHaveLength(2);
  });

  it('sends a duplicate under the same id', async () => {
    await start({ eventFaults: [{ action: 'duplicate', types: ['succeeded'] }] });
    const job = stub.addJob(images(2));
    await run(job);
    expect(typesOf(job)).toEqual(['image', 'succeeded', 'succeeded']);
    expect(job.events[1]?.webhookId).toBe(job.events[2]?.webhookId);
  });

  it('lets the following event overtake', async () => {
    await start({ eventFaults: [{ action: 'reorder', types: ['image'] }] });
    const job = stub.addJob(images(2));
    await run(job);
    expect(typesOf(job)).toEqual(['succeeded', 'image']);
  });

  it('delivers a delayed event after the call has ended', async () => {
    await start({ eventFaults: [{ action: 'delay', types: ['image'], delayMs: 1_000 }] });
    const job = stub.addJob(images(2));
    await run(job);
    await until(() => job.events.length === 2);
    expect(typesOf(job)).toEqual(['succeeded', 'image']);
  });

  it('sends a forged copy first, which a receiver that checks signatures refuses', async () => {
    await start({ eventFaults: [{ action: 'forge', types: ['succeeded'] }] });
    const job = stub.addJob(images(2));
    await run(job);
    expect(stub.faults).toEqual(['wrong signature on succeeded']);
    expect(typesOf(job)).toEqual(['image', 'succeeded']);
    expect(lines('event')).toContainEqual(expect.objectContaining({ fault: 'forge', httpStatus: 401 }));
  });

  it('gives up after its tries, and finishes all the same', async () => {
    await start({ maxTries: 8 });
    const job = stub.addJob(images(2), { answerEvent: () => 503 });
    expect(await run(job)).toMatchObject({ state: 'finished' });
    expect(typesOf(job).filter((type) => type === 'image')).toHaveLength(8);
  });
});

describe('sending again', () => {
  it.each([301, 401, 403, 404, 408, 409, 429, 500, 502, 503])(
    'repeats an event that was answered %i under one id, eight times before it gives up',
    async (status) => {
      await start({ retryBaseMs: 1 });
      const job = stub.addJob(images(2), { answerEvent: (event) => (event.type === 'image' ? status : null) });
      expect(await run(job)).toMatchObject({ state: 'finished' });
      const tries = job.events.filter(({ event }) => event.type === 'image');
      expect(tries).toHaveLength(8);
      expect(new Set(tries.map(({ webhookId }) => webhookId)).size).toBe(1);
    },
  );

  it.each([400, 413])('does not repeat an event whose bytes were refused with %i', async (status) => {
    await start({});
    const job = stub.addJob(images(2), { answerEvent: (event) => (event.type === 'image' ? status : null) });
    expect(await run(job)).toMatchObject({ state: 'finished' });
    expect(typesOf(job)).toEqual(['image', 'succeeded']);
  });

  it('waits as long as the answer asks for', async () => {
    await start({ retryBaseMs: 1 });
    let refusals = 0;
    const answerEvent = () => (++refusals === 1 ? 503 : null);
    const job = stub.addJob(images(2), { answerEvent, retryAfterS: 1 });
    expect(await run(job)).toMatchObject({ state: 'finished' });
    const [first, second] = job.events;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(990);
  });
});

describe('crashes', () => {
  it.each(['beforeClaim', 'afterClaim', 'midTrain', 'afterUpload', 'beforeEvent'] as const)(
    'loses the call %s without a terminal event',
    async (at) => {
      await start({ crashes: [{ at, effect: 'lost' }] });
      const job = stub.addJob(training(4));
      expect(await run(job)).toMatchObject({ state: 'lost' });
      expect(typesOf(job).filter((type) => type === 'succeeded')).toEqual([]);
      expect(job.claims).toHaveLength(at === 'beforeClaim' ? 0 : 1);
      expect(lines('crash')).toHaveLength(1);
    },
  );

  it('claims again with the same call id after a pre-emption, and works under the next epoch', async () => {
    await start({ crashes: [{ at: 'midTrain', effect: 'restart' }] });
    const job = stub.addJob(training(4));
    expect(await run(job)).toMatchObject({ state: 'finished', result: { claimEpoch: 2 } });
    expect(new Set(job.claims.map(({ callId }) => callId)).size).toBe(1);
    expect(job.claims).toHaveLength(2);
    expect(lines('end').map((line) => line.kind === 'end' && line.state)).toEqual(['preempted', 'finished']);
  });

  it('resumes from the checkpoint that the next claim names', async () => {
    await start({});
    const order = { ...training(10), resume: { ...SOURCE, step: 8 } } as OrderBody;
    expect(await run(stub.addJob(order))).toMatchObject({ state: 'finished', result: { training: { steps: 10 } } });
  });

  it('ends on its plateau where that was asked for, at the same step after a restart too', async () => {
    await start({ checkpointEverySteps: 7, crashes: [{ at: 'midTrain', effect: 'restart' }] });
    const order = training(80);
    if (order.kind === 'train') Object.assign(order.settings, { stopEarly: true, samplePrompts: ['photo of a toy'] });
    const job = stub.addJob(order);
    const status = await run(job);
    expect(status).toMatchObject({ state: 'finished', result: { claimEpoch: 2, training: { steps: 50 } } });
    const kept = job.events.flatMap(({ event }) => (event.type === 'weights' ? [[event.step, event.likeness]] : []));
    expect(new Set(kept.map(([step]) => step))).toEqual(new Set([10, 20, 30, 40]));
    expect(kept.every(([, likeness]) => typeof likeness === 'number' && likeness > 0 && likeness < 1)).toBe(true);
    expect(await run(stub.addJob(training(80)))).toMatchObject({ result: { training: { steps: 80, likeness: null } } });
  });

  it('hangs with heartbeats until it is cancelled', async () => {
    await start({ heartbeatMs: 20, crashes: [{ at: 'afterClaim', effect: 'hang' }] });
    const job = stub.addJob(training(4));
    const { callId } = await backend.submit(job.ticket, 'train');
    await until(() => job.events.length >= 1);
    await backend.cancel(callId);
    expect(await ended(callId)).toEqual({ state: 'cancelled' });
    expect(lines('cancel')).toHaveLength(1);
  });

  it('goes silent: no heartbeat, no end', async () => {
    await start({ heartbeatMs: 20, crashes: [{ at: 'afterClaim', effect: 'silent' }] });
    const job = stub.addJob(training(4));
    const { callId } = await backend.submit(job.ticket, 'train');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(job.events).toEqual([]);
    expect(await backend.status(callId)).toEqual({ state: 'pending' });
  });

  it('loses the result of a call that told its end', async () => {
    await start({ loseResult: {} });
    const job = stub.addJob(images(2));
    expect(await run(job)).toMatchObject({ state: 'lost' });
    expect(typesOf(job)).toEqual(['image', 'succeeded']);
  });
});

describe('trouble at the submit', () => {
  it.each([
    ['busy', 'throttled'],
    ['error', 'unavailable'],
    ['refuse', 'refused'],
    ['hang', 'unavailable'],
  ] as const)('answers %s without starting a call', async (answer, kind) => {
    await start({ submitFaults: [{ answer }] }, answer === 'hang' ? 300 : undefined);
    const job = stub.addJob(images(2));
    await expect(backend.submit(job.ticket, 'generate')).rejects.toMatchObject({ kind });
    expect(simulator.record().totals).toMatchObject({ submits: 1, calls: 0 });
  });

  it.each(['acceptThenError', 'acceptThenHang'] as const)(
    '%s: the call runs though nobody knows its id',
    async (answer) => {
      await start({ submitFaults: [{ answer }] }, answer === 'acceptThenHang' ? 300 : undefined);
      const job = stub.addJob(images(2));
      await expect(backend.submit(job.ticket, 'generate')).rejects.toMatchObject({ kind: 'unavailable' });
      await until(() => typesOf(job).includes('succeeded'));
    },
  );

  it('takes no more calls than its capacity', async () => {
    await start({ capacity: 1, crashes: [{ at: 'afterClaim', effect: 'hang' }] });
    await backend.submit(stub.addJob(images(2)).ticket, 'generate');
    const second = backend.submit(stub.addJob(images(2)).ticket, 'generate');
    await expect(second).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 1000 });
  });
});

describe('reported failures', () => {
  it('fails whole jobs and single images with the code it is given', async () => {
    await start({ failJob: { code: 'GPU_OUT_OF_MEMORY', retryable: true } });
    expect(await run(stub.addJob(training(4)))).toMatchObject({
      result: { type: 'failed', code: 'GPU_OUT_OF_MEMORY' },
    });
    simulator.control({ failJob: null, failImage: { code: 'SAFETY_BLOCKED' } });
    const status = await run(stub.addJob(images(2)));
    expect(status).toMatchObject({ result: { type: 'succeeded', images: [{ result: { status: 'failed' } }, {}] } });
  });
});

describe('the simulator itself', () => {
  it('replays the same faults from the same seed', async () => {
    const outcomes: string[][] = [];
    for (let round = 0; round < 2; round++) {
      if (round > 0) await simulator.close();
      await start({ seed: 42, crashes: [{ at: 'midTrain', probability: 0.5, effect: 'lost' }] });
      const states: string[] = [];
      for (let index = 0; index < 20; index++) states.push((await run(stub.addJob(images(2)))).state);
      outcomes.push(states);
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(new Set(outcomes[0])).toEqual(new Set(['lost', 'finished']));
  });

  it('records every submit, claim, upload, event and end', async () => {
    await start({});
    const status = await run(stub.addJob(images(2)));
    expect(terminalEvent.safeParse(status.state === 'finished' && status.result).success).toBe(true);
    expect(simulator.record().lines.map((line) => line.kind)).toEqual([
      'submit',
      'claim',
      'upload',
      'event',
      'upload',
      'event',
      'end',
    ]);
    expect(simulator.record().totals).toMatchObject({ submits: 1, claims: 1, uploads: 2, eventsSent: 2, calls: 1 });
  });

  it('is told and asked over HTTP', async () => {
    await start({});
    const post = (body: unknown) => fetch(`${simulator.url}/control`, { method: 'POST', body: JSON.stringify(body) });
    expect(await (await post({ imageMs: 5 })).json()).toMatchObject({ imageMs: 5, seed: 1 });
    expect((await post({ imageMs: 'soon' })).status).toBe(400);
    expect(await (await fetch(`${simulator.url}/record`)).json()).toMatchObject({ lines: [], dropped: 0 });
  });

  it('writes a weights file in the safetensors format, with its settings', async () => {
    await start({ checkpointEverySteps: 2 });
    const job = stub.addJob(training(6));
    await run(job);
    expect(job.uploads.map(({ purpose, step }) => [purpose, step])).toEqual([
      ['checkpoint', 2],
      ['weights', 2],
      ['checkpoint', 4],
      ['weights', 4],
      ['weights', 6],
      ['kohya-weights', 6],
    ]);
    const bytes = [...stub.files.values()].at(-1)?.bytes ?? Buffer.alloc(8);
    const headerBytes = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.subarray(8, 8 + headerBytes).toString());
    expect(header.__metadata__).toMatchObject({ 'pixgen.simulated': 'true', 'pixgen.trigger_word': 'sks_abc234' });
    const ends = Object.values(header).map((entry) => (entry as { data_offsets?: number[] }).data_offsets?.[1] ?? 0);
    expect(8 + headerBytes + Math.max(...ends)).toBe(bytes.length);
  });

  it.each([
    [64, 64],
    [128, 128],
    [1024, 768],
    [1001, 65],
  ])('draws a valid PNG of %i × %i px that depends on its key', async (width, height) => {
    await start({});
    const png = drawSimulatedPng('a', width, height);
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width, height });
    await sharp(png).raw().toBuffer();
    expect(drawSimulatedPng('a', width, height).equals(png)).toBe(true);
    expect(drawSimulatedPng('b', width, height).equals(png)).toBe(false);
  });
});

it.each([
  ['http://127.0.0.1:4000/gpu/claim', true],
  ['http://127.0.0.1:4001/gpu/claim', false],
  ['https://127.0.0.1:4000/gpu/claim', false],
  ['http://127.0.0.1:4000@evil.test/gpu/claim', false],
  ['http://127.0.0.1:4000.evil.test/gpu/claim', false],
  ['http://127.0.0.1:4000/gpu/claim?x', false],
  ['http://127.0.0.1:4000/gpu/../claim', false],
  ['http://127.0.0.1:4000\\gpu', false],
])('a token travels only inside the base: %s', async (url, inside) => {
  await start({});
  expect(isInside(url, 'http://127.0.0.1:4000')).toBe(inside);
  expect(isInside(url, 'http://127.0.0.1:4000/other')).toBe(false);
});
