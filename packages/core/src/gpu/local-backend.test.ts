import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ticket } from '@pixgen/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { GpuBackendError } from './gpu-backend.ts';
import { createLocalBackend } from './local-backend.ts';

const TICKET: Ticket = {
  jobId: '019aaaaa-0000-7000-8000-000000000001',
  attempt: 1,
  token: 'ab'.repeat(32),
  claimUrl: 'http://127.0.0.1:4000/gpu/claim',
};

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function backendWith(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: { secret?: string; timeoutMs?: number } = {},
) {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return createLocalBackend({ url: `http://127.0.0.1:${(started.address() as AddressInfo).port}`, ...options });
}

function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

async function errorOf(promise: Promise<unknown>): Promise<GpuBackendError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GpuBackendError);
  return error as GpuBackendError;
}

describe('the local GPU backend', () => {
  it.each([301, 302, 303, 307, 308])(
    'sends neither ticket nor secret on to where an answer of %d leads',
    async (status) => {
      let asked = 0;
      const elsewhere = createServer((_request, response) => {
        asked += 1;
        response.end();
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/submit`;
      const backend = await backendWith(answering(status, {}, { location }), { secret: 'a-secret-of-some-length' });
      expect((await errorOf(backend.submit(TICKET, 'train'))).kind).toBe('unavailable');
      expect((await errorOf(backend.status('c1'))).kind).toBe('unavailable');
      expect(asked).toBe(0);
      elsewhere.close();
    },
  );

  it('sends the ticket with the shared secret and returns the call id', async () => {
    const seen: unknown[] = [];
    const backend = await backendWith(
      async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        seen.push(request.method, request.url, request.headers.authorization, JSON.parse(body));
        answering(202, { callId: 'c1' })(request, response);
      },
      { secret: 'a-secret-of-some-length' },
    );
    expect(await backend.submit(TICKET, 'train')).toEqual({ callId: 'c1' });
    expect(seen).toEqual(['POST', '/submit', 'Bearer a-secret-of-some-length', TICKET]);
  });

  it('reads a full server as throttled, with the wait it asks for', async () => {
    const backend = await backendWith(answering(429, {}, { 'retry-after': '7' }));
    expect(await errorOf(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'throttled', retryAfterMs: 7000 });
  });

  it.each([400, 401, 403, 404, 422])('reads HTTP %i on submit as a permanent refusal', async (status) => {
    const backend = await backendWith(answering(status, {}));
    expect(await errorOf(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'refused' });
  });

  it.each([500, 502, 503])('reads HTTP %i as a fault that may pass', async (status) => {
    const backend = await backendWith(answering(status, {}));
    expect(await errorOf(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'unavailable' });
  });

  it('gives up on a server that accepts and never answers', async () => {
    const backend = await backendWith(() => {}, { timeoutMs: 50 });
    expect(await errorOf(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'unavailable' });
  });

  it('reads an answer that breaks off as unavailable', async () => {
    const backend = await backendWith((_, response) => {
      response.writeHead(202, { 'content-length': 100 });
      response.write('{"callId":', () => response.destroy());
    });
    expect(await errorOf(backend.submit(TICKET, 'train'))).toMatchObject({ kind: 'unavailable' });
  });

  it('reads a server that is not there as unavailable', async () => {
    const backend = createLocalBackend({ url: 'http://127.0.0.1:1' });
    expect(await errorOf(backend.status('c1'))).toMatchObject({ kind: 'unavailable' });
  });

  it('reads an unknown call as lost, so that its attempt can end', async () => {
    const backend = await backendWith(answering(404, {}));
    expect(await backend.status('c1')).toMatchObject({ state: 'lost' });
  });

  it('never takes an answer that does not parse for a status', async () => {
    const backend = await backendWith(answering(200, { state: 'finished', result: { type: 'succeeded' } }));
    expect(await errorOf(backend.status('c1'))).toMatchObject({ kind: 'unavailable' });
  });

  it('takes the cancel of an unknown call for done', async () => {
    const backend = await backendWith(answering(404, {}));
    await expect(backend.cancel('c1')).resolves.toBeUndefined();
  });

  it('keeps odd call ids inside the path', async () => {
    let url = '';
    const backend = await backendWith((request, response) => {
      url = request.url ?? '';
      answering(404, {})(request, response);
    });
    await backend.status('../submit?x');
    expect(url).toBe('/calls/..%2Fsubmit%3Fx');
  });
});
