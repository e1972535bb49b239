/**
 * W1: the API as a process, live claims of real jobs, and events that must not count. Among them go genuine ones, so that a
 * receiver that refuses everything fails as well.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { seededRandom } from '../gpu-simulator/faults.ts';
import { type Product, startProduct } from '../testing/product.ts';
import { createTrainedModel } from '../testing/studio.ts';
import { holdClaim, holdJobs } from './claims.ts';
import { control, FORGERIES, genuine, isDurable, type Scene } from './forgeries.ts';
import { createSender, type Message, type Sender } from './http.ts';

const CLAIMS = 8;
const IN_FLIGHT = 16;
/** One genuine event goes out for so many forged ones. */
const CONTROL_EVERY = 20;
const SAMPLE_MS = 200;
/** Less growth than this in a volley is none. */
const STEADY_BYTES = 2 * 2 ** 20;
export const MAX_RSS_GROWTH_BYTES = 50 * 2 ** 20;

export type WebhookReport = {
  bodies: number;
  accepted: number;
  crashes: number;
  serverErrors: number;
  rssGrowthBytes: number;
  /** Genuine events, and how many of them were accepted: all must be. */
  controls: number;
  controlsAccepted: number;
  /** Rows that the inbox has and should not have, or the other way round. */
  inboxDrift: number;
  /** Sent before, and counted only where something was wrong. */
  warmUpBodies: number;
  seed: number;
  seconds: number;
  /** How often each class was answered with each status; 0: the connection ended. */
  classes: Record<string, Record<number, number>>;
};

/** What is wrong with a report, in words; empty when the receiver held. */
export function faultsOf(report: WebhookReport): string[] {
  return [
    report.bodies === 0 && 'nothing was sent',
    report.accepted > 0 && `${report.accepted} forged events were accepted`,
    report.crashes > 0 && `the API ended ${report.crashes} times`,
    report.serverErrors > 0 && `${report.serverErrors} answers were 5xx or did not come`,
    report.rssGrowthBytes > MAX_RSS_GROWTH_BYTES && `the API grew by ${report.rssGrowthBytes} bytes`,
    report.controlsAccepted < Math.max(1, report.controls) && 'genuine events were refused',
    report.inboxDrift !== 0 && `the inbox is ${report.inboxDrift} rows off`,
  ].filter((fault) => fault !== false);
}

/**
 * A young process grows until its allocator has found its size, and a leaking one grows for ever: volleys are sent until
 * two of them have added next to nothing, and what the counted ones add after that is growth.
 *
 * @param options.n forged bodies that count
 * @param options.warmUps volleys before them, of a tenth of `n` each, at most
 */
export async function fuzzWebhooks(options: { n: number; seed: number; warmUps?: number }): Promise<WebhookReport> {
  const ticketKey = randomBytes(32).toString('hex');
  const product = await startProduct({ env: { TICKET_KEY: ticketKey, LOG_LEVEL: 'warn' } });
  const sender = createSender(product.apiUrl, IN_FLIGHT);
  try {
    const person = await product.createPerson();
    const modelId = await createTrainedModel(person);
    holdJobs(product);
    const hold = () => holdClaim(product, person, { modelId, ticketKey, images: 1 });
    const claims = await Promise.all(Array.from({ length: CLAIMS }, hold));
    // Nobody looks after the claims from here on: what happens to them happens by what is sent.
    await product.worker.kill('SIGTERM');
    const scene = (stream: number): Scene => ({
      claims,
      ticketKey,
      random: seededRandom(options.seed, stream),
      nowS: () => Math.floor(Date.now() / 1000),
    });
    const inboxBefore = await product.db.prisma.gpuEvent.count();
    const warmUp = await warmedUp(
      (turn) => volley(product, sender, scene(1_000 + turn), options.n / 10),
      options.warmUps,
    );
    const startedAt = performance.now();
    const main = await volley(product, sender, scene(2), options.n);
    const inbox = (await product.db.prisma.gpuEvent.count()) - inboxBefore;
    return {
      bodies: main.bodies,
      accepted: main.accepted + warmUp.accepted,
      crashes: main.crashes + warmUp.crashes,
      serverErrors: main.serverErrors + warmUp.serverErrors,
      rssGrowthBytes: main.rssBytes - warmUp.rssBytes,
      controls: main.controls,
      controlsAccepted: main.controlsAccepted,
      inboxDrift: inbox - main.durableControls - warmUp.durableControls,
      warmUpBodies: warmUp.bodies,
      seed: options.seed,
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
      classes: main.classes,
    };
  } finally {
    sender.close();
    await product.stop();
  }
}

type Volley = Omit<WebhookReport, 'rssGrowthBytes' | 'inboxDrift' | 'warmUpBodies' | 'seed' | 'seconds'> & {
  durableControls: number;
  /** At the end: the median of the newest samples. */
  rssBytes: number;
};

async function warmedUp(send: (turn: number) => Promise<Volley>, most = 20): Promise<Volley> {
  let sum = await send(0);
  let steady = 0;
  for (let turn = 1; turn < most && steady < 2; turn += 1) {
    const next = await send(turn);
    steady = next.rssBytes - sum.rssBytes < STEADY_BYTES ? steady + 1 : 0;
    sum = {
      ...next,
      bodies: sum.bodies + next.bodies,
      accepted: sum.accepted + next.accepted,
      crashes: sum.crashes + next.crashes,
      serverErrors: sum.serverErrors + next.serverErrors,
      durableControls: sum.durableControls + next.durableControls,
    };
  }
  return sum;
}

async function volley(product: Product, sender: Sender, scene: Scene, n: number): Promise<Volley> {
  const names = Object.keys(FORGERIES);
  const watch = watchProcess(product);
  const result: Volley = {
    bodies: 0,
    accepted: 0,
    crashes: 0,
    serverErrors: 0,
    controls: 0,
    controlsAccepted: 0,
    durableControls: 0,
    rssBytes: 0,
    classes: {},
  };
  let next = 0;
  const sendForged = async (turn: number): Promise<void> => {
    const name = names[turn % names.length] ?? '';
    const forgery = FORGERIES[name];
    if (!forgery) return;
    const message = forgery.make(genuine(scene), scene);
    const status = forgery.cut ? await sender.send({ ...message, alone: true }) : await sendTwice(sender, message);
    const counts = result.classes[name] ?? {};
    result.classes[name] = { ...counts, [status]: (counts[status] ?? 0) + 1 };
    result.bodies += 1;
    if (status >= 200 && status < 300) result.accepted += 1;
    if (status >= 500 || (status === 0 && !forgery.cut)) result.serverErrors += 1;
  };
  const sendGenuine = async (): Promise<void> => {
    const message = control(scene);
    const status = await sendTwice(sender, { path: message.path, headers: message.headers, body: message.body });
    result.controls += 1;
    if (status !== 202) return;
    result.controlsAccepted += 1;
    if (isDurable(message)) result.durableControls += 1;
  };
  const lane = async (): Promise<void> => {
    while (next < n) {
      const turn = next;
      next += 1;
      await sendForged(turn);
      if (turn % CONTROL_EVERY === 0) await sendGenuine();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const { crashes, rssBytes } = await watch.stop();
  return { ...result, crashes, rssBytes };
}

/** Again, on a new connection, where no answer came: a machine that was stopped for a while ends the open ones. */
async function sendTwice(sender: Sender, message: Message): Promise<number> {
  return (await sender.send(message)) || sender.send({ ...message, alone: true });
}

/** Samples the memory of the API's process, and starts it again when it has ended. */
function watchProcess(product: Product): { stop: () => Promise<{ crashes: number; rssBytes: number }> } {
  const samples: number[] = [];
  let crashes = 0;
  const look = async (): Promise<void> => {
    const rssBytes = readRssBytes(product.api.pid);
    if (rssBytes !== null) samples.push(rssBytes);
    else {
      crashes += 1;
      await product.api.start();
    }
  };
  let running = true;
  const loop = (async () => {
    while (running) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  return {
    async stop() {
      running = false;
      await loop;
      await look();
      const newest = samples.slice(-15).toSorted((left, right) => left - right);
      return { crashes, rssBytes: newest[Math.floor(newest.length / 2)] ?? 0 };
    },
  };
}

/** Null when the process is gone. */
function readRssBytes(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
