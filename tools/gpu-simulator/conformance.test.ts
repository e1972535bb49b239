/**
 * What every GPU provider must do, held against the simulator, the real `gpu/server.py` on CPU, and the real
 * `gpu/modal_app.py` behind a Modal server of our own. The worker's own backends drive them, so this is also their test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { GpuBackend } from '@pixgen/core';
import { createLocalBackend, createModalBackend } from '@pixgen/core';
import type { CallStatus, GpuEvent, TrainOrder } from '@pixgen/domain';
import { callStatus, DEADLINES, newId, terminalEvent } from '@pixgen/domain';
import getPort from 'get-port';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createContainer } from '../modal/container.ts';
import { startFakeModal } from '../modal/fake-modal.ts';
import { type ApiStub, type OrderBody, type StubJob, startApiStub } from './api-stub.ts';
import { startSimulator } from './simulator.ts';

const SECRET = 'a-shared-secret-of-some-length';
const PYTHON = fileURLToPath(new URL('../../gpu/.venv/bin/python', import.meta.url));
const GPU_DIR = fileURLToPath(new URL('../../gpu', import.meta.url));

type Host = { backend(): Promise<GpuBackend>; stranger(): Promise<GpuBackend>; stop(): Promise<void> };
type Provider = {
  name: string;
  missing: boolean;
  start(apiBase: string): Promise<Host>;
  /** What is left of a call that was cancelled at work: Modal does not tell it from a crash. */
  cancelled: CallStatus['state'];
  /** Modal takes any argument; the function then refuses it. */
  readsTickets: boolean;
};

const PROVIDERS: Provider[] = [
  { name: 'simulator', missing: false, start: startSimulated, cancelled: 'cancelled', readsTickets: true },
  {
    name: 'gpu/server.py',
    missing: !existsSync(PYTHON),
    start: startPython,
    cancelled: 'cancelled',
    readsTickets: true,
  },
  { name: 'gpu/modal_app.py', missing: !existsSync(PYTHON), start: startModal, cancelled: 'lost', readsTickets: false },
];

function overHttp(url: string, stop: () => Promise<void>): Host {
  return {
    backend: async () => createLocalBackend({ url, secret: SECRET }),
    stranger: async () => createLocalBackend({ url, secret: 'another-secret-of-some-length' }),
    stop,
  };
}

async function startModal(apiBase: string): Promise<Host> {
  const container = createContainer(PYTHON, GPU_DIR, apiBase);
  const modal = await startFakeModal({ run: container.run });
  vi.stubEnv('MODAL_SERVER_URL', modal.url);
  const token = { appName: 'pixgen-gpu', tokenId: 'ak-test' };
  return {
    backend: () => createModalBackend({ ...token, tokenSecret: 'as-test' }),
    stranger: () => createModalBackend({ ...token, tokenSecret: 'as-stranger' }),
    async stop() {
      vi.unstubAllEnvs();
      await modal.close();
      await container.stop();
    },
  };
}

async function startSimulated(apiBase: string): Promise<Host> {
  const config = { fetchSources: true, stepMs: 5, imageMs: 20, retryBaseMs: 50 };
  const simulator = await startSimulator({ apiBase, secret: SECRET, config });
  return overHttp(simulator.url, () => simulator.close());
}

async function startPython(apiBase: string): Promise<Host> {
  const port = await getPort();
  const child = spawn(PYTHON, ['server.py'], {
    cwd: GPU_DIR,
    env: {
      ...process.env,
      PIXGEN_API_BASE: apiBase,
      GPU_SERVER_PORT: String(port),
      GPU_SERVER_SECRET: SECRET,
      GPU_PROFILE: 'nano',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const url = `http://127.0.0.1:${port}`;
  const healthy = await until(
    60_000,
    () => answers(`${url}/healthz`),
    () => child.exitCode !== null,
  );
  if (!healthy) throw new Error(`gpu/server.py did not start:\n${output.slice(-2000)}`);
  return overHttp(url, () => stopChild(child));
}

function stopChild(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

/** Polls until `check` holds, or gives up. */
async function until(ms: number, check: () => Promise<boolean> | boolean, stop = () => false): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline && !stop()) {
    if (await check()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** A plain photo of some colour: real bytes, since a real GPU decodes them. */
async function photo(hue: number): Promise<Buffer> {
  const background = { r: 40 + hue * 30, g: 120, b: 200 - hue * 20 };
  return sharp({ create: { width: 160, height: 128, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

async function trainOrder(stub: ApiStub, steps: number): Promise<OrderBody> {
  const photos: TrainOrder['photos'] = [];
  for (let hue = 0; hue < 5; hue++) photos.push({ photoId: newId(), ...stub.addSource(await photo(hue)) });
  return {
    kind: 'train',
    triggerWord: 'sks_abc234',
    classWord: 'toy',
    settings: {
      ...{ steps, rank: 4, learningRate: 1e-3, resolution: 128, batchSize: 1, seed: 7 },
      ...{ priorWeight: 0, captions: 'auto', checkpointEveryMs: 600_000, samplePrompts: ['photo of sks_abc234 dog'] },
      stopEarly: false,
    },
    photos,
    resume: null,
  };
}

function generateOrder(stub: ApiStub, weights: Buffer, count: number): OrderBody {
  return {
    kind: 'generate',
    weights: { ...stub.addSource(weights), weight: 1 },
    width: 128,
    height: 128,
    steps: 2,
    guidance: 5,
    scheduler: 'euler',
    draft: false,
    format: 'png',
    images: Array.from({ length: count }, (_, index) => ({
      imageId: newId(),
      prompt: 'sks_abc234 toy on a beach',
      negativePrompt: '',
      seed: index,
    })),
  };
}

describe.each(PROVIDERS)('a GPU host: $name', (provider) => {
  // A missing venv is a clear skip on a person's machine and a failure where the whole product is checked.
  const mustRun = !provider.missing || process.env.CI === 'true';
  let stub: ApiStub;
  let host: Host;
  let backend: GpuBackend;
  let weights: Buffer | undefined;

  beforeAll(async () => {
    if (!mustRun) {
      console.warn('skipped: gpu/.venv is missing; `npm start` or `npm test` makes it');
      return;
    }
    stub = await startApiStub();
    host = await provider.start(stub.base);
    backend = await host.backend();
  }, 90_000);

  afterAll(async () => {
    await backend?.close();
    await host?.stop();
    await stub?.close();
  });

  async function submitted(job: StubJob): Promise<string> {
    const { callId } = await backend.submit(job.ticket, job.order.kind);
    return callId;
  }

  async function ended(callId: string): Promise<CallStatus> {
    let status: CallStatus = { state: 'pending' };
    await until(90_000, async () => {
      status = callStatus.parse(await backend.status(callId));
      return status.state !== 'pending';
    });
    return status;
  }

  /** Trains once for all tests that need weights. */
  async function trained(): Promise<Buffer> {
    if (!weights) {
      const job = stub.addJob(await trainOrder(stub, 6));
      const status = await ended(await submitted(job));
      const result = status.state === 'finished' && status.result.type === 'succeeded' ? status.result.training : null;
      expect(result).not.toBeNull();
      weights = stub.files.get(result?.weights.key ?? '')?.bytes;
      expect(weights).toBeDefined();
    }
    return weights ?? Buffer.alloc(0);
  }

  const guarantee = mustRun ? it : it.skip;
  const terminalsOf = (job: StubJob) =>
    job.events.map(({ event }) => event).filter((event) => terminalEvent.safeParse(event).success);
  const typed = (type: GpuEvent['type']) => (seen: { event: GpuEvent }) => seen.event.type === type;

  guarantee(
    'trains: the terminal event is the status result, and its weights are stored as announced',
    async () => {
      const job = stub.addJob(await trainOrder(stub, 6));
      const callId = await submitted(job);
      const status = await ended(callId);
      expect(status).toMatchObject({ state: 'finished', result: { type: 'succeeded', jobId: job.ticket.jobId } });
      expect(terminalsOf(job)).toEqual([status.state === 'finished' && status.result]);
      expect(job.claims).toEqual([
        { jobId: job.ticket.jobId, attempt: 1, token: job.ticket.token, callId } satisfies StubJob['claims'][number],
      ]);
      const training =
        status.state === 'finished' && status.result.type === 'succeeded' ? status.result.training : null;
      const stored = stub.files.get(training?.weights.key ?? '');
      expect(stored?.request).toMatchObject({ purpose: 'weights', step: 6, ...pick(training?.weights) });
      expect(training?.steps).toBe(6);
      expect(training?.lossHistory.at(-1)?.[0]).toBe(6);
      weights = stored?.bytes;
    },
    120_000,
  );

  guarantee(
    'keeps and scores checkpoints, and ends early only where that was asked for',
    async () => {
      const order = await trainOrder(stub, 8);
      if (order.kind === 'train') order.settings.stopEarly = true;
      const job = stub.addJob(order);
      const status = await ended(await submitted(job));
      const result = status.state === 'finished' && status.result.type === 'succeeded' ? status.result : null;
      const steps = result?.training?.steps ?? 0;
      expect([4, 5, 6, 7, 8]).toContain(steps);
      expect(result?.training?.likeness).toEqual(expect.any(Number));
      const kept = job.events.flatMap(({ event }) => (event.type === 'weights' ? [event] : []));
      expect(kept.map(({ step }) => step)).toEqual(Array.from({ length: steps - 1 }, (_, index) => index + 1));
      for (const { step, object, likeness } of kept) {
        expect(stub.files.get(object.key)?.request).toMatchObject({ purpose: 'weights', step });
        expect(likeness).toEqual(expect.any(Number));
      }
      expect(terminalsOf(job)).toHaveLength(1);
    },
    120_000,
  );

  guarantee(
    'generates: each image but the last is an event of its own, and the result tells of all',
    async () => {
      const job = stub.addJob(generateOrder(stub, await trained(), 3));
      const status = await ended(await submitted(job));
      const result = status.state === 'finished' && status.result.type === 'succeeded' ? status.result : null;
      const planned = job.order.kind === 'generate' ? job.order.images.map((image) => image.imageId) : [];
      expect(result?.images.map((image) => image.imageId)).toEqual(planned);
      const events = job.events.map(({ event }) => event).filter((event) => event.type === 'image');
      expect(events).toHaveLength(2);
      for (const { imageId, result: image } of events)
        expect(result?.images).toContainEqual({ imageId, result: image });
      for (const { imageId, result: image } of result?.images ?? []) {
        expect(image.status).toBe('succeeded');
        const stored = image.status === 'succeeded' ? stub.files.get(image.key) : undefined;
        expect(stored?.request).toMatchObject({ purpose: 'image', imageId });
        expect(await sharp(stored?.bytes).metadata()).toMatchObject({ format: 'png', width: 128, height: 128 });
      }
    },
    120_000,
  );

  guarantee.each([409, 410])('a claim refused with %i burns nothing', async (refusal) => {
    const job = stub.addJob(await trainOrder(stub, 6), { answerClaim: () => refusal });
    expect(await ended(await submitted(job))).toEqual({ state: 'superseded' });
    expect([job.claims.length, job.uploads.length, job.events.length]).toEqual([1, 0, 0]);
  });

  guarantee(
    'a ticket submitted twice is worked on once',
    async () => {
      const job = stub.addJob(await trainOrder(stub, 6));
      const [first, second] = [await submitted(job), await submitted(job)];
      const states = [(await ended(first)).state, (await ended(second)).state].sort();
      expect(states).toEqual(['finished', 'superseded']);
      expect(terminalsOf(job)).toHaveLength(1);
    },
    120_000,
  );

  guarantee(
    'an upload request answered 410 stops the work, and nothing more is reported',
    async () => {
      const job = stub.addJob(generateOrder(stub, await trained(), 12), { answerUpload: () => 410 });
      expect(await ended(await submitted(job))).toEqual({ state: 'superseded' });
      // Images are stored a few at a time: those that were on their way may have asked too.
      expect(job.uploads.length).toBeLessThanOrEqual(4);
      expect(
        job.events.filter(({ event }) => event.type === 'image' || terminalEvent.safeParse(event).success),
      ).toEqual([]);
    },
    120_000,
  );

  guarantee(
    'an event answered 410 stops the work',
    async () => {
      const job = stub.addJob(generateOrder(stub, await trained(), 8), {
        answerEvent: (event) => (event.type === 'image' ? 410 : null),
      });
      expect(await ended(await submitted(job))).toEqual({ state: 'superseded' });
      expect(terminalsOf(job)).toEqual([]);
      expect(job.uploads.length).toBeLessThan(8);
    },
    120_000,
  );

  guarantee(
    'an event is sent again after a 500, with the same id and a valid signature',
    async () => {
      let refused = 0;
      const job = stub.addJob(generateOrder(stub, await trained(), 2), {
        answerEvent: (event) => (event.type === 'image' && refused++ < 2 ? 500 : null),
      });
      expect(await ended(await submitted(job))).toMatchObject({ state: 'finished' });
      const tries = job.events.filter(typed('image'));
      expect(tries.map(({ answered }) => answered)).toEqual([500, 500, 202]);
      expect(new Set(tries.map(({ webhookId }) => webhookId)).size).toBe(1);
      expect(new Set(job.events.filter(typed('succeeded')).map(({ webhookId }) => webhookId)).size).toBe(1);
    },
    120_000,
  );

  guarantee(
    'life signs come soon enough for the reconciler until a cancel ends the call',
    async () => {
      const job = stub.addJob(await trainOrder(stub, 5000));
      const callId = await submitted(job);
      const claimed = await until(90_000, () => job.epoch === 1);
      expect(claimed).toBe(true);
      // A host that reports progress each second is alive without heartbeats.
      expect(
        await until(60_000, () => job.events.filter(typed('heartbeat')).length >= 2 || job.events.length >= 10),
      ).toBe(true);
      const lifeSigns = job.events.map(({ at }) => at);
      const gaps = lifeSigns.slice(1).map((at, index) => at - (lifeSigns[index] ?? 0));
      expect(Math.max(...gaps)).toBeLessThan(DEADLINES.heartbeatMs);
      expect(await backend.status(callId)).toEqual({ state: 'pending' });
      await backend.cancel(callId);
      expect((await ended(callId)).state).toBe(provider.cancelled);
      const after = job.events.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(terminalsOf(job)).toEqual([]);
      expect(job.events.length - after).toBeLessThanOrEqual(1);
    },
    120_000,
  );

  guarantee(
    'progress comes at most once a second',
    async () => {
      const job = stub.addJob(await trainOrder(stub, 5000));
      const callId = await submitted(job);
      // A provider that ends containers with their calls starts a new one first.
      await until(90_000, () => job.events.filter(typed('progress')).length >= 4);
      await backend.cancel(callId);
      await ended(callId);
      const at = job.events.filter(typed('progress')).map((seen) => seen.at);
      expect(at.length).toBeGreaterThanOrEqual(4);
      const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThan(850);
    },
    120_000,
  );

  guarantee('a submit with a wrong secret is refused', async () => {
    const job = stub.addJob(await trainOrder(stub, 6));
    const stranger = await host.stranger();
    await expect(stranger.submit(job.ticket, 'train')).rejects.toMatchObject({ kind: 'refused' });
    await expect(stranger.cancel('any')).rejects.toMatchObject({ kind: 'refused' });
    await stranger.close();
    expect(job.claims).toEqual([]);
  });

  guarantee(
    'a ticket that does not parse is refused',
    async () => {
      const { ticket } = stub.addJob(await trainOrder(stub, 6));
      for (const malformed of [
        { ...ticket, attempt: 0 },
        { ...ticket, prompt: 'never in a ticket' },
      ]) {
        const submit = backend.submit(malformed, 'train');
        if (provider.readsTickets) await expect(submit).rejects.toMatchObject({ kind: 'refused' });
        else expect((await ended((await submit).callId)).state).toBe('lost');
      }
    },
    120_000,
  );

  guarantee('a claim URL outside the configured API never gets the token', async () => {
    let reached = 0;
    const outside = createServer((_request, response) => {
      reached++;
      response.end('{}');
    });
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    const { ticket } = stub.addJob(await trainOrder(stub, 6));
    const claimUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}/gpu/claim`;
    const outcome = await backend.submit({ ...ticket, claimUrl }, 'train').then(
      async ({ callId }) => (await ended(callId)).state,
      (error: { kind: string }) => error.kind,
    );
    expect(['refused', 'lost']).toContain(outcome);
    expect(reached).toBe(0);
    outside.close();
  });

  guarantee('a call that the host does not know is lost', async () => {
    expect(await backend.status('never-submitted')).toMatchObject({ state: 'lost' });
    await expect(backend.cancel('never-submitted')).resolves.toBeUndefined();
  });

  guarantee('every request parsed strictly, every signature and every PUT was exact', () => {
    expect(stub.faults).toEqual([]);
  });
});

function pick(stored: { sizeBytes: number; sha256: string } | undefined) {
  return { sizeBytes: stored?.sizeBytes, sha256: stored?.sha256 };
}
