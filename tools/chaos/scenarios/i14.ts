/** I14: the disks of Postgres, Valkey and the object store are full, one after the other; nothing is acknowledged that is not kept. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createStorage } from '@pixgen/storage';
import { Redis } from 'ioredis';
import { query } from '../evidence.ts';
import type { Answers, Person } from '../load.ts';
import { hasOwnMounts, leaveDisk, moveToOwnDisk, runWithOwnMounts, type SmallDisk } from '../small-disks.ts';
import { makeStores, type System, storeFolders } from '../system.ts';
import { generation, type Scenario, type ScenarioReport, steady, withSystem } from './scenario.ts';

const STORES = ['postgres', 'valkey', 'object-store'] as const;
type Store = (typeof STORES)[number];
type Disks = Record<Store, SmallDisk>;

const PEOPLE = 2;
const FULL_MS = 8_000;
const GIVE_UP_MS = 90_000;
/** Rows that need a new page of their table soon. */
const LONG_PROMPT = 'rain '.repeat(199);

export const i14: Scenario = async (say) => {
  if (!hasOwnMounts()) return inOwnMounts(say);
  const disks = {} as Disks;
  let folders: ReturnType<typeof storeFolders> | undefined;
  const prepare = async (folder: string): Promise<void> => {
    await makeStores(folder);
    folders = storeFolders(folder);
    for (const name of STORES) disks[name] = await moveToOwnDisk(folders[name]);
  };
  return withSystem(
    'i14',
    { people: PEOPLE, gpu: { imageMs: 50 }, prepare },
    async ({ system, people, load, judge }) => {
      try {
        const answers: Answers[] = [];
        const order = probe(system, people, answers);

        const underLoad = load(steady('i14-postgres', 20, 2 * FULL_MS, PEOPLE));
        await disks.postgres.fill();
        const noDatabase = await until503(order);
        // The log, too: Postgres ends itself when it cannot write it, and does not come up again before it can.
        await query(system.stores, 'SELECT pg_switch_wal() FROM generate_series(1, 3)').catch(() => undefined);
        for (let tookMs = 0; tookMs < FULL_MS; tookMs += 500) {
          noDatabase.add((await order()).status);
          await delay(500);
        }
        await disks.postgres.free();
        answers.push(await underLoad);
        const databaseBackMs = await until200(order);
        say(
          `Postgres: answers ${[...noDatabase].join(', ')}; orders were taken ${databaseBackMs} ms after there was room`,
        );

        await disks.valkey.fill();
        const refusal = await untilRefused(system);
        const withoutQueue = await load(steady('i14-valkey', 10, FULL_MS, PEOPLE));
        answers.push(withoutQueue);
        await disks.valkey.free();
        const queueBackMs = await untilEnded(system, withoutQueue);
        say(
          `Valkey: "${refusal}"; all ${withoutQueue.acknowledgements.length} orders had ended ${queueBackMs} ms after there was room`,
        );

        await disks['object-store'].fill();
        answers.push(await load(steady('i14-objects', 5, FULL_MS, PEOPLE)));
        const upload = await putObject(system, 1024 * 1024);
        await disks['object-store'].free();
        const storeBackMs = await untilStored(system);
        const after = await load([{ atMs: 0, person: 0, orders: [generation('i14-after-all')] }]);
        answers.push(after);
        say(`object store: a PUT was answered ${upload}; objects were stored ${storeBackMs} ms after there was room`);

        const { verdict, evidence } = await judge(answers);
        const stateOf = ({ jobId }: { jobId: string }) => evidence.rows.jobs.find(({ id }) => id === jobId)?.state;
        const ended = [...withoutQueue.acknowledgements, ...after.acknowledgements].map(stateOf);
        const { acknowledged, lost, nonTerminal, findings } = verdict;
        const onlyClear = [...noDatabase].every((status) => status === 200 || status === 503);
        const report: ScenarioReport = {
          passed:
            findings.length === 0 &&
            onlyClear &&
            noDatabase.has(503) &&
            upload >= 500 &&
            ended.every((state) => state === 'succeeded'),
          acknowledged,
          lost,
          nonTerminal,
          databaseEnds: evidence.crashes.filter(({ process }) => process === 'postgres').length,
          databaseAnswers: [...noDatabase].join(' '),
          databaseBackMs,
          queueBackMs,
          storeAnswer: upload,
          storeBackMs,
          findings: findings.length,
        };
        for (const { invariant, subject, message } of findings) say(`  ✗ ${invariant} ${subject}: ${message}`);
        return report;
      } finally {
        for (const name of STORES) {
          await disks[name].free();
          if (folders) await leaveDisk(folders[name]);
        }
      }
    },
  );
};

async function inOwnMounts(say: (line: string) => void): Promise<ScenarioReport> {
  let last = '';
  await runWithOwnMounts([join(import.meta.dirname, '../main.ts'), '--scenario', 'i14'], (line) => {
    if (last !== '') say(last);
    last = line;
  });
  try {
    const { scenario: _, ...report } = JSON.parse(last) as ScenarioReport;
    return { ...report, passed: report.passed === true };
  } catch {
    say(last);
    return { passed: false };
  }
}

type Order = () => Promise<{ status: number; code: string | undefined }>;

/** Orders one at a time, each with a key of its own. What is acknowledged is a promise like any other. */
function probe({ apiUrl }: System, people: readonly Person[], answers: Answers[]): Order {
  let count = 0;
  return async () => {
    const [person] = people;
    if (!person) throw new Error('orders need a person');
    const { userId, apiKey, modelId } = person;
    const key = `i14-probe-of-chaos-${count++}`;
    const answer = await fetch(`${apiUrl}/api/v1/generations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ modelId, prompt: LONG_PROMPT, n: 1, idempotencyKey: key }),
      signal: AbortSignal.timeout(20_000),
    });
    const body = (await answer.json()) as { id: string; job: { id: string }; error?: { code: string } };
    const at = new Date().toISOString();
    if (answer.ok) {
      const acknowledgements = [{ userId, key, orderId: body.id, jobId: body.job.id, at }];
      answers.push({ acknowledgements, cancels: [], refusals: [] });
    } else if (answer.status === 503 && answer.headers.get('retry-after') === null)
      throw new Error('503 without Retry-After');
    return { status: answer.status, code: body.error?.code };
  };
}

/** Orders until one is refused. */
async function until503(order: Order): Promise<Set<number>> {
  const seen = new Set<number>();
  for (let tries = 0; tries < 2_000 && !seen.has(503); tries += 1) seen.add((await order()).status);
  return seen;
}

/** @returns after how many ms an order was taken again */
async function until200(order: Order): Promise<number> {
  return untilTrue('orders are not taken', async () => (await order()).status === 200);
}

/** @returns how Valkey refuses a write */
async function untilRefused({ stores }: System): Promise<string> {
  const redis = new Redis(stores.REDIS_URL ?? '', { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  let refusal = '';
  try {
    await untilTrue('Valkey takes writes on a full disk', async () => {
      const error = await redis.set('i14', 'x'.repeat(64 * 1024)).then(
        () => null,
        (reason: Error) => reason,
      );
      refusal = error?.message ?? '';
      return /^MISCONF/.test(refusal);
    });
  } finally {
    redis.disconnect();
  }
  return refusal.slice(0, 80);
}

function untilEnded({ stores }: System, { acknowledgements }: Answers): Promise<number> {
  const ids = acknowledgements.map(({ jobId }) => `'${jobId}'`).join(', ');
  const open = `SELECT 1 FROM "Job" WHERE "endedAt" IS NULL AND id IN (${ids}) LIMIT 1`;
  return untilTrue('jobs do not end', async () => (await query(stores, open)).length === 0);
}

/** Sends an object as a browser does, into quarantine. @returns the status of the answer */
async function putObject({ stores }: System, sizeBytes: number): Promise<number> {
  const storage = createStorage({
    endpoint: stores.S3_ENDPOINT ?? '',
    region: stores.S3_REGION ?? '',
    bucket: stores.S3_BUCKET ?? '',
    accessKeyId: stores.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stores.S3_SECRET_ACCESS_KEY ?? '',
  });
  const target = { key: 'u/i14/object', contentType: 'application/octet-stream', sizeBytes, expiresInMs: 60_000 };
  const { url, headers } = storage.presignPut(target);
  storage.close();
  const signal = AbortSignal.timeout(20_000);
  return (await fetch(url, { method: 'PUT', headers, body: new Uint8Array(sizeBytes), signal })).status;
}

function untilStored(system: System): Promise<number> {
  return untilTrue('nothing can be stored', async () => (await putObject(system, 1024)) === 200);
}

async function untilTrue(otherwise: string, ready: () => Promise<boolean>): Promise<number> {
  const startedAt = performance.now();
  while (!(await ready().catch(() => false))) {
    if (performance.now() - startedAt > GIVE_UP_MS) throw new Error(`${otherwise} after ${GIVE_UP_MS} ms`);
    await delay(100);
  }
  return Math.round(performance.now() - startedAt);
}
