/** The hostile half of {@link ./slow.ts}, on a thread of its own, so that what it costs to send is not measured as waiting. */
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { createSender, type Message, SILENT_AFTER_MS } from './http.ts';

export const KINDS = ['half a request', '10 MB', '10 MB in chunks', '10,000 levels'] as const;
export type Kind = (typeof KINDS)[number];
/** How often each kind was answered with each status; 0: hung up, -1: nothing happened for 20 s. */
export type Answers = Record<Kind, Record<number, number>>;
export type AttackOrder = { apiUrl: string; token: string; sockets: number; perKind: number };
export type AttackReport = { answers: Answers; open: number };

const HALVES = [
  'GET /api/v1/models HTTP/1.1\r\nhost: a\r\nx-slow: ',
  'POST /api/v1/models HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50000\r\n\r\n{"name":',
  'POST /webhooks/gpu/x/1/1 HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
];
const PATHS = ['/api/v1/models', '/trpc/models.create', '/auth/local/sign-in', '/gpu/claim'];
const HUGE_BYTES = 10 * 1024 * 1024;
const DEPTH = 10_000;

function attack({ apiUrl, token, sockets, perKind }: AttackOrder) {
  const { hostname, port, host } = new URL(apiUrl);
  const answers = Object.fromEntries(KINDS.map((kind) => [kind, {}])) as Answers;
  const note = (kind: Kind, status: number) => {
    answers[kind][status] = (answers[kind][status] ?? 0) + 1;
  };
  const held = new Set<Socket>();
  let over = false;

  /** Begun anew as soon as the server hangs up. */
  function hold(half: string): void {
    const socket = connect({ host: hostname, port: Number(port) });
    held.add(socket);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      held.delete(socket);
      if (over) return;
      note('half a request', Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0));
      hold(half);
    });
    socket.write(half);
  }

  const sender = createSender(apiUrl, 1);
  const huge = Buffer.from(JSON.stringify({ name: 'x'.repeat(HUGE_BYTES) }));
  const deep = Buffer.from(`${'{"a":['.repeat(DEPTH / 2)}1${']}'.repeat(DEPTH / 2)}`);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const inChunks = (path: string): Buffer =>
    Buffer.concat([
      Buffer.from(
        `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\ntransfer-encoding: chunked\r\n\r\n${huge.length.toString(16)}\r\n`,
      ),
      huge,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
  const bodies: Record<Exclude<Kind, 'half a request'>, Message[]> = {
    '10 MB': PATHS.map((path) => ({ path, headers, body: huge, alone: true })),
    '10 MB in chunks': PATHS.slice(0, 2).map((path) => ({ raw: inChunks(path) })),
    '10,000 levels': PATHS.map((path) => ({ path, headers, body: deep, alone: true })),
  };
  async function send(kind: keyof typeof bodies): Promise<void> {
    for (let turn = 0; !over; turn += 1) {
      const message = bodies[kind][turn % bodies[kind].length];
      if (!message) return;
      const sentAt = performance.now();
      const status = await sender.send(message);
      if (over) return;
      note(kind, status === 0 && performance.now() - sentAt >= SILENT_AFTER_MS ? -1 : status);
    }
  }

  for (let at = 0; at < sockets; at += 1) hold(HALVES[at % HALVES.length] ?? '');
  for (const kind of ['10 MB', '10 MB in chunks', '10,000 levels'] as const)
    for (let line = 0; line < perKind; line += 1) void send(kind);
  return {
    report: (): AttackReport => ({ answers, open: [...held].filter((socket) => !socket.connecting).length }),
    stop() {
      over = true;
      sender.close();
      for (const socket of held) socket.destroy();
    },
  };
}

if (parentPort) {
  const port = parentPort;
  const attackers = attack(workerData as AttackOrder);
  port.on('message', (what: 'report' | 'stop') => {
    if (what === 'stop') attackers.stop();
    port.postMessage(attackers.report());
    if (what === 'stop') port.close();
  });
}
