import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
/** Sizes of the reads that the server made. */
let reads: number[];
const clients: Socket[] = [];

/** An echo behind a proxy. */
beforeEach(async () => {
  reads = [];
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      reads.push(chunk.length);
      socket.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  proxy = await startTcpProxy({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  server.close();
});

function connect(): { socket: Socket; received: () => string; until: (text: string) => Promise<void> } {
  const socket = createConnection({ port: proxy.port, host: '127.0.0.1' });
  clients.push(socket);
  let text = '';
  let wake: (() => void) | undefined;
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    wake?.();
  });
  socket.on('error', () => undefined);
  return {
    socket,
    received: () => text,
    async until(wanted) {
      while (text !== wanted) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** The code of the error that ends a connection; undefined for a plain end. */
function endOf(socket: Socket): Promise<string | undefined> {
  let code: string | undefined;
  socket.once('error', (error: NodeJS.ErrnoException) => {
    code = error.code;
  });
  return new Promise((resolve) => socket.once('close', () => resolve(code)));
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

describe('a link', () => {
  it('passes everything on, in order, while nothing is wrong', async () => {
    const { socket, until } = connect();
    const text = 'x'.repeat(200_000);
    socket.write(text);
    await until(text);
    expect(reads.reduce((all, one) => all + one, 0)).toBe(200_000);
  });

  it('delays each direction', async () => {
    const { socket, until } = connect();
    await once(socket, 'connect');
    proxy.setFault({ kind: 'latency', ms: 60 });
    const startedAt = performance.now();
    socket.write('hello');
    await until('hello');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(120);
  });

  it('passes no more than its bandwidth', async () => {
    const { socket, until } = connect();
    await once(socket, 'connect');
    proxy.setFault({ kind: 'bandwidth', bytesPerSecond: 50_000 });
    const startedAt = performance.now();
    socket.write('x'.repeat(5_000));
    await until('x'.repeat(5_000));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(200);
  });

  it('slices what is sent, and loses nothing of it', async () => {
    const { socket, until } = connect();
    proxy.setFault({ kind: 'slicing', bytes: 3 });
    socket.write('one message in pieces');
    await until('one message in pieces');
    expect(Math.max(...reads)).toBeLessThan('one message in pieces'.length);
  });

  it('resets connections that stand and new ones, then passes on again', async () => {
    const { socket, until } = connect();
    socket.write('hello');
    await until('hello');
    const ended = endOf(socket);
    proxy.setFault({ kind: 'reset' });
    expect(await ended).toBe('ECONNRESET');
    const refused = connect();
    refused.socket.write('anybody?');
    expect(await endOf(refused.socket)).toMatch(/ECONNRESET|EPIPE/);
    proxy.setFault(null);
    const again = connect();
    again.socket.write('back');
    await again.until('back');
  });

  it('swallows nothing in a black hole: what was sent arrives after it, also on connections made in it', async () => {
    const { socket, received, until } = connect();
    await once(socket, 'connect');
    proxy.setFault({ kind: 'black-hole' });
    socket.write('into the dark');
    const late = connect();
    late.socket.write('so am I');
    await turn();
    expect([received(), late.received(), reads]).toEqual(['', '', []]);
    proxy.setFault(null);
    await Promise.all([until('into the dark'), late.until('so am I')]);
  });

  it('leaves a half-open connection open and deaf, and resets it when the fault ends', async () => {
    const { socket, received, until } = connect();
    socket.write('hello');
    await until('hello');
    proxy.setFault({ kind: 'half-open' });
    socket.write('are you there?');
    await turn();
    expect(received()).toBe('hello');
    expect(socket.destroyed).toBe(false);
    const ended = endOf(socket);
    proxy.setFault(null);
    expect(await ended).toBe('ECONNRESET');
  });

  it('resets at once when nobody listens behind it', async () => {
    server.close();
    await once(server, 'close');
    const { socket } = connect();
    expect(await endOf(socket)).toBe('ECONNRESET');
  });

  it('passes the end of the far side on', async () => {
    server.once('connection', (far) => far.end());
    const { socket } = connect();
    expect(await endOf(socket)).toBeUndefined();
  });
});
