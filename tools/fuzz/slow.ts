/**
 * S7: the API as a process, and clients that hold half requests open, send ten megabytes or JSON of ten thousand levels again
 * and again. Meanwhile somebody calls as they should, at a steady rate, whatever the answers take.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Person, startProduct } from '../testing/product.ts';
import { type AttackOrder, type AttackReport, KINDS, type Kind } from './slow-attackers.ts';

export const MAX_HEALTHY_P99_MS = 500;
const EVERY_MS = 20;
/** Before the others come: what a quiet call takes on this machine. */
const QUIET_SHARE = 0.2;
/** A refusal, or the end of the connection; a half request in the middle of its head is a bad one. */
const REFUSALS: Record<Kind, readonly number[]> = {
  'half a request': [0, 400, 408],
  '10 MB': [0, 413],
  '10 MB in chunks': [0, 413],
  '10,000 levels': [400],
};

export type Latencies = { calls: number; p50Ms: number; p99Ms: number; maxMs: number };
export type SlowReport = {
  quiet: Latencies;
  healthy: Latencies;
  /** Healthy calls, with and without the others, that were answered with something else than was asked for. */
  wrong: number;
  /** Half requests that were open when the calls were half done, and those that should have been. */
  open: number;
  sockets: number;
  answers: AttackReport['answers'];
  crashes: number;
  seconds: number;
  examples: string[];
};

/**
 * @param options.n healthy calls while the others are there, 50 a second
 * @param options.perKind lines that send one kind of body each, one after the other without a pause
 * @param options.shedAtDelayMs as the setting SHED_AT_DELAY_MS; a healthy call that is shed is a wrong one
 */
export async function fuzzSlow(options: {
  n: number;
  sockets: number;
  perKind: number;
  shedAtDelayMs: number;
}): Promise<SlowReport> {
  const { n, sockets, perKind, shedAtDelayMs } = options;
  // The limit per address would hold off the others, who have the same one, before their bodies are looked at.
  const apiEnv = { AUTH_CALLS_PER_MINUTE: '1000000', SHED_AT_DELAY_MS: String(shedAtDelayMs), LOG_LEVEL: 'warn' };
  const product = await startProduct({ apiEnv });
  const startedAt = performance.now();
  const examples: string[] = [];
  let attackers: Worker | undefined;
  try {
    const person = await product.createPerson();
    const { id: modelId } = await person.client.models.create.mutate({ name: 'Rex', classWord: 'dog' });
    const calls = healthyCalls(product.apiUrl, person, modelId);
    const quiet = await callSteadily(calls, Math.ceil(n * QUIET_SHARE), examples);
    const order: AttackOrder = { apiUrl: product.apiUrl, token: person.token, sockets, perKind };
    attackers = new Worker(new URL('./slow-attackers.ts', import.meta.url), { workerData: order });
    const first = await untilHeld(attackers, sockets);
    const half = await callSteadily(calls, Math.ceil(n / 2), examples);
    const { open } = await ask(attackers, 'report');
    const rest = await callSteadily(calls, n - Math.ceil(n / 2), examples);
    const { answers } = await ask(attackers, 'stop');
    const alive = await fetch(`${product.apiUrl}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    return {
      quiet: latenciesOf(quiet.tookMs),
      healthy: latenciesOf([...half.tookMs, ...rest.tookMs]),
      wrong: quiet.wrong + half.wrong + rest.wrong,
      open: Math.min(first.open, open),
      sockets,
      answers,
      crashes: alive ? 0 : 1,
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
      examples,
    };
  } finally {
    await attackers?.terminate();
    await product.stop();
  }
}

type Call = { name: string; send: () => Promise<string>; isRight: (text: string) => boolean };

/** A list, one thing by the typed client's way, and a change. */
function healthyCalls(apiUrl: string, { token, userId }: Person, modelId: string): Call[] {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const ask = async (path: string, init: RequestInit = {}): Promise<string> => {
    const answer = await fetch(apiUrl + path, { headers, ...init });
    return `${answer.status} ${await answer.text()}`;
  };
  const rename = { method: 'PATCH', body: JSON.stringify({ name: 'Rexy' }) };
  return [
    {
      name: 'models',
      send: () => ask('/api/v1/models'),
      isRight: (text) => text.startsWith('200 ') && text.includes(modelId),
    },
    {
      name: 'account',
      send: () => ask('/trpc/account.me'),
      isRight: (text) => text.startsWith('200 ') && text.includes(userId),
    },
    {
      name: 'rename',
      send: () => ask(`/api/v1/models/${modelId}`, rename),
      isRight: (text) => text.startsWith('200 ') && text.includes('Rexy'),
    },
  ];
}

/** Each at its time: an API that stands still is met by all calls that come meanwhile, not by one. */
async function callSteadily(
  calls: Call[],
  n: number,
  examples: string[],
): Promise<{ tookMs: number[]; wrong: number }> {
  const tookMs: number[] = [];
  let wrong = 0;
  const beganAt = performance.now();
  const one = async ({ name, send, isRight }: Call): Promise<void> => {
    const sentAt = performance.now();
    const text = await send().catch((error: unknown) => `0 ${String(error)}`);
    tookMs.push(performance.now() - sentAt);
    if (isRight(text)) return;
    wrong += 1;
    if (examples.length < 5) examples.push(`${name}: ${text.slice(0, 200)}`);
  };
  const underWay: Promise<void>[] = [];
  for (let at = 0; at < n; at += 1) {
    const waitMs = beganAt + at * EVERY_MS - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const call = calls[at % calls.length];
    if (call) underWay.push(one(call));
  }
  await Promise.all(underWay);
  return { tookMs, wrong };
}

async function ask(attackers: Worker, what: 'report' | 'stop'): Promise<AttackReport> {
  const answer = once(attackers, 'message');
  attackers.postMessage(what);
  return (await answer)[0] as AttackReport;
}

/** @returns after ten seconds in any case: the report says how many there were */
async function untilHeld(attackers: Worker, sockets: number): Promise<AttackReport> {
  for (let tries = 1; ; tries += 1) {
    const report = await ask(attackers, 'report');
    if (report.open >= sockets || tries === 100) return report;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function latenciesOf(tookMs: number[]): Latencies {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  return { calls: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: Math.round((sorted.at(-1) ?? 0) * 10) / 10 };
}

/** What did not hold, in words; how long the healthy calls took is for whoever knows the machine to judge. */
export function faultsOfSlow(report: SlowReport): string[] {
  const { healthy, wrong, open, sockets, answers, crashes, examples } = report;
  const kinds = KINDS.flatMap((kind) => {
    const counts = Object.entries(answers[kind]).map(([status, count]) => ({ status: Number(status), count }));
    const others = counts.filter(({ status }) => !REFUSALS[kind].includes(status));
    const refused = counts.length - others.length;
    return [
      // Half requests are hung up on when their time is over, which a short run does not see.
      ...(refused === 0 && kind !== 'half a request' ? [`${kind}: none was refused`] : []),
      ...others.map(({ status, count }) => `${kind}: ${count} answered ${status}`),
    ];
  });
  return [
    ...(healthy.calls === 0 ? ['nobody called as they should'] : []),
    ...(wrong > 0 ? [`${wrong} healthy calls were not answered right`, ...examples] : []),
    ...(open < sockets ? [`only ${open} of ${sockets} half requests were open`] : []),
    ...kinds,
    ...(crashes > 0 ? ['the API was gone afterwards'] : []),
  ];
}
