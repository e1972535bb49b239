/**
 * `pnpm bench jobs`: the full path of one `generate` job (HTTP mutation → … → terminal state on the client's stream), the
 * product against the raw skeleton, in back-to-back pairs.
 *
 * Per pair and side: a closed loop for throughput, CPU and commits, then an open loop at a fixed rate for latencies.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { startStack } from '../stack/stack.ts';
import type { Load, LoadCommand, LoadResult } from './load-client.ts';
import { createMeter, type Meter, median, perJob, quantile, type Reading } from './measure.ts';
import { startNullStore } from './null-store.ts';
import { machineLine, type Side, startProductSide, startRawSide } from './sides.ts';

const SETTLE_MS = 3_000;

export type JobsOptions = {
  pairs: number;
  /** Jobs of the closed loop, per side and pair. */
  jobs: number;
  inFlight: number;
  /** Rate and length of the open loop. */
  perSecond: number;
  openSeconds: number;
  warmUp: number;
  /** False: an in-memory store answers for the images. */
  storage: boolean;
  /** Measure the skeleton alone. */
  rawOnly: boolean;
};

/** One side in one pair. */
export type Block = {
  jobsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  acceptP50Ms: number;
  cost: Reading;
  errors: string[];
};
export type Pair = { raw: Block; product: Block | null };

export async function benchJobs(options: JobsOptions): Promise<Pair[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pixgen-bench-'));
  const stack = await startStack({ dataDir: join(folder, 'stores'), durable: true });
  const closers: (() => Promise<unknown> | unknown)[] = [
    () => rmSync(folder, { recursive: true, force: true }),
    () => stack.stop(),
  ];
  try {
    mkdirSync(join(folder, 'logs'));
    const nullStore = options.storage ? null : await startNullStore(stack.env.S3_ENDPOINT);
    if (nullStore) closers.push(() => nullStore.stop());
    const env = { ...stack.env, ...(nullStore && { S3_ENDPOINT: nullStore.url }) };
    const raw = await startRawSide(env, join(folder, 'logs'));
    closers.push(() => raw.stop());
    const product = options.rawOnly ? null : await startProductSide(env, join(folder, 'product'));
    if (product) closers.push(() => product.stop());
    const stores = Object.fromEntries(
      Object.entries(stack.stores).flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid]])),
    );
    const redis = new Redis(stack.env.REDIS_URL);
    closers.push(() => redis.disconnect());
    const meters = new Map<Side, Meter>();
    for (const [side, rival] of [
      [raw, product],
      [product, raw],
    ] as const) {
      if (!side) continue;
      const url = new URL(stack.env.DATABASE_URL);
      url.pathname = `/${rival?.database ?? 'postgres'}`;
      const client = new Client({ connectionString: url.href });
      await client.connect();
      closers.push(() => client.end());
      meters.set(side, createMeter({ ...side.pids, ...stores }, client, side.database, redis));
    }
    const client = startLoadClient();
    closers.push(() => client.process.kill());
    console.log(
      `${machineLine()}; ${options.pairs} pairs, ${options.jobs} jobs with ${options.inFlight} in flight, then ${options.perSecond} jobs/s for ${options.openSeconds} s`,
    );
    return await runPairs(options, raw, product, meters, client);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function runPairs(
  options: JobsOptions,
  raw: Side,
  product: Side | null,
  meters: ReadonlyMap<Side, Meter>,
  client: LoadClient,
): Promise<Pair[]> {
  const sides = product ? [raw, product] : [raw];
  for (const side of sides) side.freeze();
  const pairs: Pair[] = [];
  for (let number = 0; number < options.pairs; number++) {
    const blocks = new Map<Side, Block>();
    // Who goes first changes with each pair: a machine that slows down must not favour one side.
    for (const side of number % 2 === 0 ? sides : sides.toReversed()) {
      side.thaw();
      await delay(1000);
      const block = await runBlock(options, side, meters.get(side), client, `${number}`);
      side.freeze();
      blocks.set(side, block);
      console.log(blockLine(number, side.name, block));
    }
    const rawBlock = blocks.get(raw);
    if (rawBlock) pairs.push({ raw: rawBlock, product: (product && blocks.get(product)) ?? null });
  }
  for (const side of sides) side.thaw();
  return pairs;
}

async function runBlock(
  options: JobsOptions,
  side: Side,
  meter: Meter | undefined,
  client: LoadClient,
  pair: string,
): Promise<Block> {
  const { jobs, inFlight, perSecond } = options;
  if (!meter) throw new Error(`no meter for ${side.name}`);
  const load = (name: string, what: Load) => client.run({ target: side.target, load: what, run: `${pair}-${name}` });
  const warm = await load('warm', { mode: 'closed', jobs: options.warmUp, inFlight });
  const before = await meter.read();
  const closed = await load('closed', { mode: 'closed', jobs, inFlight });
  const after = await meter.read();
  // What the closed loop left behind (a flush of pages, a collection of garbage) belongs to it.
  await delay(SETTLE_MS);
  const open = await load('open', { mode: 'open', jobs: perSecond * options.openSeconds, perSecond });
  return {
    jobsPerSecond: (closed.latenciesMs.length / closed.durationMs) * 1000,
    p50Ms: quantile(open.latenciesMs, 0.5),
    p99Ms: quantile(open.latenciesMs, 0.99),
    acceptP50Ms: quantile(open.acceptMs, 0.5),
    cost: perJob(before, after, jobs),
    errors: [...warm.errors, ...closed.errors, ...open.errors],
  };
}

type LoadClient = { process: ChildProcess; run(command: LoadCommand): Promise<LoadResult> };

function startLoadClient(): LoadClient {
  const child = fork(fileURLToPath(new URL('load-client.ts', import.meta.url)), { execArgv: [] });
  return {
    process: child,
    run: (command) =>
      new Promise((resolve, reject) => {
        const onExit = () => reject(new Error('the load client ended'));
        child.once('exit', onExit);
        child.once('message', (answer: { result?: LoadResult; error?: string }) => {
          child.off('exit', onExit);
          if (answer.result) resolve(answer.result);
          else reject(new Error(answer.error));
        });
        child.send(command);
      }),
  };
}

function blockLine(pair: number, name: string, block: Block): string {
  const { jobsPerSecond, p50Ms, p99Ms, cost, errors } = block;
  const cpu = Object.entries(cost.cpuMs).map(([process, ms]) => `${process} ${ms.toFixed(2)}`);
  return [
    `pair ${pair + 1} ${name.padEnd(7)} ${jobsPerSecond.toFixed(0).padStart(5)} jobs/s`,
    `p50 ${p50Ms.toFixed(1)} p99 ${p99Ms.toFixed(1)} ms`,
    `CPU ms/job: ${cpu.join(', ')}`,
    `${cost.commits.toFixed(2)} commits, ${(cost.walBytes / 1024).toFixed(1)} KB WAL, ${cost.scriptCalls.toFixed(1)} scripts`,
    ...(errors.length > 0 ? [`${errors.length} errors, first: ${errors[0]}`] : []),
  ].join(' · ');
}

/** Pairs whose skeleton is within twice its own median: the others were measured on a disturbed machine. */
export function steadyPairs(pairs: readonly Pair[]): Pair[] {
  const usual = median(pairs.map(({ raw }) => raw.jobsPerSecond));
  const usualP50 = median(pairs.map(({ raw }) => raw.p50Ms));
  const near = (value: number, middle: number) => value <= 2 * middle && value >= middle / 2;
  return pairs.filter(({ raw }) => near(raw.jobsPerSecond, usual) && near(raw.p50Ms, usualP50));
}
