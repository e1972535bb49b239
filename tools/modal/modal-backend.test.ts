/** The Modal backend with the SDK's own client, over real gRPC, against a Modal of our own. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { status as grpc } from '@grpc/grpc-js';
import { createModalBackend, type GpuBackend } from '@pixgen/core';
import { newId, type Ticket, ticket as ticketSchema } from '@pixgen/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeModal, type Method, RESULT, startFakeModal } from './fake-modal.ts';

const TICKET: Ticket = {
  jobId: '019aaaaa-0000-7000-8000-000000000001',
  attempt: 1,
  token: 'ab'.repeat(32),
  claimUrl: 'https://example.test/gpu/claim',
};
const FAILED = {
  type: 'failed',
  jobId: TICKET.jobId,
  attempt: 1,
  claimEpoch: 1,
  gpuMs: 5,
  code: 'GPU_INTERNAL',
  retryable: true,
};
const PICKLE = 1;

let modal: FakeModal;
beforeEach(async () => {
  modal = await startFakeModal({ inlineLimitBytes: 1024 });
  vi.stubEnv('MODAL_SERVER_URL', modal.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await modal.close();
});

async function backendWith(options: Partial<Parameters<typeof createModalBackend>[0]> = {}): Promise<GpuBackend> {
  return createModalBackend({ appName: 'pixgen-gpu', tokenId: 'ak-test', tokenSecret: 'as-test', ...options });
}

/** A spawned call that nobody has answered yet. */
async function spawned() {
  const backend = await backendWith();
  const { callId } = await backend.submit(TICKET, 'train');
  return { backend, callId };
}

const requestsOf = (method: Method) => modal.seen.filter((seen) => seen.method === method);

describe('a submit to Modal', () => {
  it.each([
    ['train', 'Trainer'],
    ['generate', 'Generator'],
  ] as const)('of kind %s calls %s.run with the ticket and nothing else', async (kind, className) => {
    const { callId } = await (await backendWith()).submit(TICKET, kind);
    expect(modal.spawned).toEqual([
      { callId, className, methodName: 'run', args: [[TICKET], {}], argsBytes: expect.any(Number) },
    ]);
    expect(requestsOf('FunctionGet')[0]?.request).toMatchObject({
      appName: 'pixgen-gpu',
      objectTag: `${className}.*`,
    });
    // Asynchronous, inline, as CBOR.
    const { request } = requestsOf('FunctionMap')[0] ?? {};
    expect(request).toMatchObject({ functionCallInvocationType: 3, pipelinedInputs: [{ input: { dataFormat: 4 } }] });
    expect(modal.seen.map(({ method }) => method)).toEqual(['AuthTokenGet', 'FunctionGet', 'FunctionMap']);
  });

  it('carries the longest ticket inline: it never needs a blob', async () => {
    const longest = ticketSchema.parse({ ...TICKET, claimUrl: `https://example.test/${'p'.repeat(4_096 - 21)}` });
    await (await backendWith()).submit(longest, 'train');
    expect(modal.spawned[0]?.args).toEqual([[longest], {}]);
    expect(modal.spawned[0]?.argsBytes).toBeLessThan(8 * 1024);
    expect(ticketSchema.safeParse({ ...TICKET, claimUrl: `${longest.claimUrl}p` }).success).toBe(false);
  });

  it('that Modal fails for a moment is tried again by the client, as the same call', async () => {
    const backend = await backendWith();
    modal.fail('FunctionMap', { code: grpc.UNAVAILABLE, times: 2 });
    const { callId } = await backend.submit(TICKET, 'train');
    expect(modal.spawned.map((call) => call.callId)).toEqual([callId]);
    const tries = requestsOf('FunctionMap').map(({ metadata }) => metadata['x-idempotency-key']);
    expect(tries).toHaveLength(3);
    expect(new Set(tries).size).toBe(1);
  });

  it('with a wrong token is refused for good, naming the variables and not their values', async () => {
    const backend = await backendWith({ tokenSecret: 'as-canary' });
    const error = await failure(backend.submit(TICKET, 'train'));
    expect(error).toMatchObject({ kind: 'refused', message: expect.stringContaining('MODAL_TOKEN_SECRET') });
    expect(error.message).not.toContain('canary');
    expect(modal.spawned).toEqual([]);
  });

  it('to an app that is not deployed is refused for good, naming the app and the command', async () => {
    const error = await failure((await backendWith({ appName: 'elsewhere' })).submit(TICKET, 'train'));
    expect(error).toMatchObject({ kind: 'refused', message: expect.stringMatching(/elsewhere.*modal:deploy/) });
  });

  it('to a full workspace is throttled at once, however long Modal asks to wait', async () => {
    const backend = await backendWith();
    modal.fail('FunctionMap', { code: grpc.RESOURCE_EXHAUSTED, retryAfterSecs: 600 });
    expect(await failure(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'throttled' });
    expect(requestsOf('FunctionMap')).toHaveLength(1);
  });

  it('is not tried again by the client when it was malformed', async () => {
    const backend = await backendWith();
    modal.fail('FunctionMap', { code: grpc.INVALID_ARGUMENT });
    expect(await failure(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'refused' });
    expect(requestsOf('FunctionMap')).toHaveLength(1);
  });

  it('during an outage is unavailable after the client’s own tries', async () => {
    const backend = await backendWith();
    modal.fail('FunctionMap', { code: grpc.UNAVAILABLE });
    expect(await failure(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'unavailable' });
    expect(requestsOf('FunctionMap')).toHaveLength(4);
  });
});

describe('the status of a call on Modal', () => {
  it('is pending while it works', async () => {
    const { backend, callId } = await spawned();
    expect(await backend.status(callId)).toEqual({ state: 'pending' });
    expect(requestsOf('FunctionGetOutputs')[0]?.request).toMatchObject({ functionCallId: callId, timeout: 0 });
  });

  it('is its return value, the terminal event, so that a lost webhook loses nothing', async () => {
    const { backend, callId } = await spawned();
    modal.finish(callId, FAILED);
    expect(await backend.status(callId)).toEqual({ state: 'finished', result: FAILED });
    expect(await backend.status(callId), 'and stays so').toEqual({ state: 'finished', result: FAILED });
  });

  it('is read from a blob when the return value is large', async () => {
    const { backend, callId } = await spawned();
    const images = Array.from({ length: 50 }, () => ({
      imageId: newId(),
      result: { status: 'failed', code: 'GPU_OUT_OF_MEMORY', safety: null },
    }));
    const { code: _, retryable: __, ...head } = FAILED;
    const result = { ...head, type: 'succeeded', training: null, images };
    modal.finish(callId, result);
    expect(await backend.status(callId)).toEqual({ state: 'finished', result });
    expect(requestsOf('BlobGet')).toHaveLength(1);
  });

  it('is the one that a call returned which ended without work', async () => {
    const { backend, callId } = await spawned();
    modal.finish(callId, { state: 'superseded' });
    expect(await backend.status(callId)).toEqual({ state: 'superseded' });
  });

  it.each([
    ['ran past its time limit', RESULT.timeout, /time limit/],
    ['raised an exception', RESULT.failure, /without a result/],
    ['was terminated', RESULT.terminated, /without a result/],
    ['could not start', RESULT.initFailure, /without a result/],
    ['was killed for its memory', RESULT.outOfMemory, /without a result/],
    ['was lost inside Modal', RESULT.internalFailure, /fault of its own/],
  ])('is lost when it %s', async (_, result, reason) => {
    const { backend, callId } = await spawned();
    modal.end(callId, result);
    expect(await backend.status(callId)).toEqual({ state: 'lost', reason: expect.stringMatching(reason) });
  });

  it('is lost when it returned something else', async () => {
    const first = await spawned();
    modal.finish(first.callId, { type: 'succeeded' });
    expect(await first.backend.status(first.callId)).toMatchObject({ state: 'lost' });
    const second = await spawned();
    modal.returnBytes(second.callId, Buffer.from('\x80\x04N.', 'latin1'), PICKLE);
    expect(await second.backend.status(second.callId)).toMatchObject({ state: 'lost' });
  });

  it('is lost when Modal does not know the call', async () => {
    expect(await (await backendWith()).status('fc-unknown')).toMatchObject({ state: 'lost' });
  });

  it.each([
    ['FunctionGetOutputs', grpc.UNAVAILABLE, 'unavailable'],
    ['FunctionCallFromId', grpc.INTERNAL, 'unavailable'],
    ['FunctionGetOutputs', grpc.RESOURCE_EXHAUSTED, 'throttled'],
    ['FunctionGetOutputs', grpc.UNAUTHENTICATED, 'refused'],
  ] as const)('is unknown, never lost, when %s fails with %i', async (method, code, kind) => {
    const { backend, callId } = await spawned();
    modal.fail(method, { code });
    expect(await failure(backend.status(callId))).toMatchObject({ kind });
  });

  it('is unknown when its blob cannot be fetched', async () => {
    const { callId } = await spawned();
    const backend = await backendWith({ timeoutMs: 1_000 });
    modal.finish(callId, { large: 'x'.repeat(100_000) });
    modal.fail('BlobGet', { code: grpc.UNAVAILABLE });
    expect(await failure(backend.status(callId))).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a large result that never comes', () => {
  it('is waited for no longer than any other answer', async () => {
    const { callId } = await spawned();
    const backend = await backendWith({ timeoutMs: 400 });
    modal.finish(callId, { large: 'x'.repeat(100_000) });
    modal.silenceBlobs();
    expect(await failure(backend.status(callId))).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a cancel on Modal', () => {
  it('ends the call and its container, and may be repeated', async () => {
    const { backend, callId } = await spawned();
    await backend.cancel(callId);
    await backend.cancel(callId);
    expect(requestsOf('FunctionCallCancel')[0]?.request).toEqual({ functionCallId: callId, terminateContainers: true });
    expect(await backend.status(callId)).toMatchObject({ state: 'lost' });
  });

  it('of a call that Modal does not know is done', async () => {
    await expect((await backendWith()).cancel('fc-unknown')).resolves.toBeUndefined();
  });

  it('that cannot be delivered is an error', async () => {
    const { backend, callId } = await spawned();
    modal.fail('FunctionCallCancel', { code: grpc.PERMISSION_DENIED });
    expect(await failure(backend.cancel(callId))).toMatchObject({ kind: 'refused' });
  });
});

describe('a Modal that is not there', () => {
  it.each(['AuthTokenGet', 'FunctionGet', 'FunctionMap'] as const)('ends a wait for %s in time', async (method) => {
    const backend = await backendWith({ timeoutMs: 400 });
    modal.fail(method, 'silence');
    expect(await failure(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'unavailable' });
  });

  it('is not asked again behind an answer that was given: a call made then would be one that nobody knows', async () => {
    const backend = await backendWith();
    await backend.submit(TICKET, 'train');
    const hurried = await backendWith({ timeoutMs: 250 });
    modal.fail('FunctionMap', { code: grpc.UNAVAILABLE });
    await failure(hurried.submit(TICKET, 'train'));
    // Left alone, the client would try at 100, 300 and 700 ms.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(requestsOf('FunctionMap').length).toBeLessThanOrEqual(3);
  });

  it('refuses connections: unavailable', async () => {
    const port = await closedPort();
    vi.stubEnv('MODAL_SERVER_URL', `http://127.0.0.1:${port}`);
    const backend = await backendWith({ timeoutMs: 1_000 });
    expect(await failure(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'unavailable' });
    expect(await failure(backend.status('fc-1'))).toMatchObject({ kind: 'unavailable' });
    expect(await failure(backend.cancel('fc-1'))).toMatchObject({ kind: 'unavailable' });
  });

  it('accepts connections and says nothing: unavailable', async () => {
    const hole = createServer(() => {});
    await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('MODAL_SERVER_URL', `http://127.0.0.1:${portOf(hole)}`);
    const backend = await backendWith({ timeoutMs: 400 });
    expect(await failure(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'unavailable' });
    hole.close();
  });

  it('comes back and is used again', async () => {
    const backend = await backendWith({ timeoutMs: 400 });
    modal.fail('FunctionMap', 'silence');
    await failure(backend.submit(TICKET, 'train'));
    modal.fail('FunctionMap', { code: grpc.UNAVAILABLE, times: 0 });
    expect(await backend.submit(TICKET, 'train')).toEqual({ callId: expect.stringMatching(/^fc-/) });
  });
});

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: Error) => reason,
  );
  expect(error.name, error.message).toBe('GpuBackendError');
  return error;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
