/**
 * A GPU provider without a GPU: the same HTTP as `gpu/server.py` (`POST /submit`, `GET /calls/{id}`,
 * `POST /calls/{id}/cancel`), the whole protocol towards the API, and faults on demand. Two more routes are its own:
 * `POST /control` replaces parts of the configuration, `GET /record` tells what happened.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { World } from './call.ts';
import { type Calls, createCalls, type Reply } from './calls.ts';
import { type SimulatorConfig, type SimulatorConfigInput, simulatorConfig } from './faults.ts';
import { createHttpClient } from './http-client.ts';
import { Recorder, type SimulatorRecord } from './record.ts';

const MAX_BODY_BYTES = 64 * 1024;
const CLOCK_MS = 100;

export type SimulatorOptions = {
  /** Base of the API: tickets and work orders that point anywhere else are refused. */
  apiBase: string;
  /** 0 = any free port. */
  port?: number;
  host?: string;
  /** When set, every route but `/healthz` needs `Authorization: Bearer <secret>`. */
  secret?: string | undefined;
  config?: SimulatorConfigInput;
  /** Keep the record in files of this folder too, so that it survives a kill of this process. */
  recordFolder?: string | undefined;
};

export type Simulator = {
  url: string;
  /** Replaces the named parts of the configuration; calls in flight see the change too. */
  control(change: Partial<SimulatorConfigInput>): SimulatorConfig;
  record(): SimulatorRecord;
  /** Stops listening and ends every call at once. */
  close(): Promise<void>;
};

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const world: World = {
    config: simulatorConfig.parse(options.config ?? {}),
    apiBase: options.apiBase,
    http: createHttpClient(() => world.config.requestTimeoutMs),
    record: new Recorder(() => world.config.recordLimit, options.recordFolder),
  };
  const calls = createCalls(world);
  const control = (change: Partial<SimulatorConfigInput>) => {
    world.config = simulatorConfig.parse({ ...world.config, ...change });
    return world.config;
  };
  const server = createServer((request, response) => {
    route(request, { world, calls, control, secret: options.secret })
      .catch((error: unknown): Reply => ({ status: 400, body: { code: 'BAD_REQUEST', message: String(error) } }))
      .then((reply) => reply && answer(response, reply));
  });
  const clock = setInterval(() => calls.beat(), CLOCK_MS);
  clock.unref();
  await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    control,
    record: () => world.record.read(),
    async close() {
      clearInterval(clock);
      calls.switchOff();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      world.http.close();
      await closed;
    },
  };
}

type Routed = { world: World; calls: Calls; control: Simulator['control']; secret: string | undefined };

async function route(request: IncomingMessage, { world, calls, control, secret }: Routed): Promise<Reply> {
  const path = new URL(request.url ?? '/', 'http://simulator').pathname;
  const name = `${request.method} ${path}`;
  if (name === 'GET /healthz') return { status: 200, body: { ok: true, calls: calls.count() } };
  if (!authorised(request, secret)) return { status: 401, body: { code: 'UNAUTHENTICATED' } };
  if (name === 'POST /submit') return calls.submit(await readJson(request));
  if (name === 'GET /record') return { status: 200, body: world.record.read() };
  if (name === 'GET /control') return { status: 200, body: world.config };
  if (name === 'POST /control') {
    return { status: 200, body: control((await readJson(request)) as Partial<SimulatorConfigInput>) };
  }
  const [, callId, rest] = /^\/calls\/([^/]+)(\/cancel)?$/.exec(path) ?? [];
  if (callId && !rest && request.method === 'GET') return calls.status(decodeURIComponent(callId));
  if (callId && rest && request.method === 'POST') return calls.cancel(decodeURIComponent(callId));
  return { status: 404, body: { code: 'NOT_FOUND' } };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function authorised(request: IncomingMessage, secret: string | undefined): boolean {
  if (!secret) return true;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${secret}`));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new Error('body too large');
    chunks.push(chunk as Buffer);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}

function answer(response: ServerResponse, { status, body, retryAfterSeconds }: NonNullable<Reply>): void {
  const text = JSON.stringify(body);
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
