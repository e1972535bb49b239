/** A TCP proxy for one link between two parts, with the faults that networks and dying hosts have. */
import { createServer, Socket } from 'node:net';

export type LinkFault =
  /** Every chunk arrives this much later, in each direction. */
  | { kind: 'latency'; ms: number }
  | { kind: 'bandwidth'; bytesPerSecond: number }
  /** Bytes arrive in pieces, so that no message comes in one read. */
  | { kind: 'slicing'; bytes: number }
  /** Connections are reset, and so is every new one. */
  | { kind: 'reset' }
  /** Nothing arrives and nothing is refused, as behind a firewall that drops: what was sent arrives after the fault. */
  | { kind: 'black-hole' }
  /** The far host is gone without a word: what is sent is lost, and the reset comes only when the fault ends. */
  | { kind: 'half-open' };

export type TcpProxy = {
  port: number;
  /** What the link does from now on, also to connections that stand; null: passes everything on. */
  setFault(fault: LinkFault | null): void;
  close(): Promise<void>;
};

/** Bytes that a link holds back before it stops reading, so that its sender feels the fault too. */
const MAX_HELD_BYTES = 1024 * 1024;
const SLICE_PAUSE_MS = 1;

type Direction = {
  from: Socket;
  to: Socket;
  held: { chunk: Buffer; dueAt: number }[];
  heldBytes: number;
  busy: boolean;
};
type Link = { near: Socket; far: Socket | undefined; directions: Direction[] };

/**
 * @param target where connections go on to, on this machine
 * @param port 0: any free port
 */
export async function startTcpProxy(target: { port: number }, port = 0): Promise<TcpProxy> {
  const links = new Set<Link>();
  let fault: LinkFault | null = null;
  const server = createServer({ noDelay: true, allowHalfOpen: false }, (near) => {
    const link: Link = { near, far: undefined, directions: [] };
    links.add(link);
    near.on('error', () => undefined);
    near.once('close', () => {
      links.delete(link);
      link.far?.destroy();
    });
    if (fault?.kind === 'reset') near.resetAndDestroy();
    // Behind a black hole the far side hears of the connection when it ends.
    else if (fault?.kind !== 'black-hole' && fault?.kind !== 'half-open') connect(link);
  });

  function connect(link: Link): void {
    const far = new Socket();
    far.setNoDelay(true);
    far.on('error', () => undefined);
    far.connect(target.port, '127.0.0.1');
    link.far = far;
    link.directions = [direction(link.near, far), direction(far, link.near)];
    let reached = false;
    far.once('connect', () => {
      reached = true;
    });
    far.once('close', () => {
      // Nobody listens there: told at once, as the system of that host would.
      if (!reached) return void link.near.resetAndDestroy();
      // A host that is gone sends no FIN; a server that was killed does, through its system.
      if (link.far === far && fault?.kind !== 'half-open' && fault?.kind !== 'black-hole') finish(link);
    });
  }

  /** Ends the near side once everything that is still held has gone out. */
  function finish(link: Link): void {
    if (link.directions.every(({ held }) => held.length === 0)) link.near.destroySoon();
    else setTimeout(finish, 20, link).unref();
  }

  function direction(from: Socket, to: Socket): Direction {
    const way: Direction = { from, to, held: [], heldBytes: 0, busy: false };
    from.on('data', (chunk: Buffer) => {
      const delayMs = fault?.kind === 'latency' ? fault.ms : 0;
      way.held.push({ chunk, dueAt: performance.now() + delayMs });
      way.heldBytes += chunk.length;
      if (way.heldBytes > MAX_HELD_BYTES) from.pause();
      void drain(way);
    });
    return way;
  }

  async function drain(way: Direction): Promise<void> {
    if (way.busy) return;
    way.busy = true;
    for (let next = way.held[0]; next !== undefined; next = way.held[0]) {
      if (fault?.kind === 'black-hole') break;
      await pauseUntil(next.dueAt);
      // Lost: the other end is gone.
      if (fault?.kind !== 'half-open' && !way.to.destroyed) await send(way.to, next.chunk, fault);
      way.held.shift();
      way.heldBytes -= next.chunk.length;
      if (way.heldBytes <= MAX_HELD_BYTES && way.from.isPaused()) way.from.resume();
    }
    way.busy = false;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    setFault(next) {
      const before = fault;
      fault = next;
      for (const link of links) {
        // The host came back and knows nothing of its old connections.
        if (before?.kind === 'half-open' || next?.kind === 'reset') link.near.resetAndDestroy();
        else if (next?.kind === 'half-open') link.far?.destroy();
        else if (before?.kind === 'black-hole') {
          if (link.far === undefined) connect(link);
          else if (link.far.destroyed) finish(link);
        }
        for (const way of link.directions) void drain(way);
      }
    },
    async close() {
      for (const { near } of links) near.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Not before `at` by the clock of `performance.now`: a timer may fire a little early. */
async function pauseUntil(at: number): Promise<void> {
  for (let leftMs = at - performance.now(); leftMs > 0; leftMs = at - performance.now()) await pause(Math.ceil(leftMs));
}

async function send(to: Socket, chunk: Buffer, fault: LinkFault | null): Promise<void> {
  if (fault?.kind === 'slicing') {
    for (let at = 0; at < chunk.length && !to.destroyed; at += fault.bytes) {
      await write(to, chunk.subarray(at, at + fault.bytes));
      await pause(SLICE_PAUSE_MS);
    }
    return;
  }
  if (fault?.kind === 'bandwidth') await pauseUntil(performance.now() + (chunk.length * 1000) / fault.bytesPerSecond);
  await write(to, chunk);
}

function write(to: Socket, chunk: Buffer): Promise<void> | undefined {
  if (to.destroyed || to.write(chunk)) return undefined;
  return new Promise((resolve) => {
    const done = () => {
      to.off('drain', done);
      to.off('close', done);
      resolve();
    };
    to.on('drain', done);
    to.on('close', done);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
