/** Whether this installation can do its work: each part is tried for real, and what is wrong is told with its cause. */
import { createHmac } from 'node:crypto';
import { adminExists, pendingMigrations } from '@pixgen/db';
import type { SetUpChecks, SystemCheck, SystemCheckName, SystemChecks } from '@pixgen/domain';
import { newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import type { GpuBackend } from '../gpu/gpu-backend.ts';
import { claimSecret } from '../jobs/gpu-secrets.ts';

const CHECK_MS = 4_000;
const SAMPLE = Buffer.from('ok');
const UPLOAD_MS = 60_000;
/** Anybody may look while there is no administrator: what they see is this old at most, however many look. */
const SET_UP_FRESH_MS = 5_000;
const GPU_KEY = 'gpu-ping';
/** Four times as long as the worker's pings are apart. */
const GPU_SEEN_MS = 120_000;
/** What answers an event of a job that never was: the signature is ours, and the claim is over. */
const GONE = 410;

/** What a process asks of its stores to call itself ready. */
export function storeChecks(
  deps: Deps,
): Record<'database' | 'migrations' | 'redis' | 'storage', () => Promise<unknown>> {
  return {
    database: () => deps.db.pool.query('SELECT 1'),
    migrations: async () => {
      const pending = await pendingMigrations(deps.db);
      if (pending > 0) throw new Error(`${pending} migrations are not applied`);
    },
    redis: () => deps.live.ping(),
    storage: () => deps.storage.ping(),
  };
}

/** @throws Error when the work takes longer than `limitMs` */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** All checks, side by side, and an address for the one that only a browser can make. */
export async function checkSystem(deps: Deps): Promise<SystemChecks> {
  const id = newId();
  const { url, headers } = deps.storage.presignPut({
    key: keys.check(id),
    contentType: 'text/plain',
    sizeBytes: SAMPLE.length,
    expiresInMs: UPLOAD_MS,
  });
  return { checks: await runChecks(deps), upload: { url, headers, body: SAMPLE.toString() } };
}

const lastLook = new WeakMap<Deps, { at: number; checks: Promise<SystemCheck[]> }>();

/** The same for whoever sets this installation up, without what only an administrator may know; then nothing. */
export async function checkBeforeSetUp(deps: Deps): Promise<SetUpChecks> {
  if (deps.config.auth.mode !== 'local') return { checks: null };
  // A database that does not answer is what the checks are there to tell.
  if (await within(CHECK_MS, adminExists(deps.db)).catch(() => false)) return { checks: null };
  const known = lastLook.get(deps);
  const look = known && performance.now() - known.at < SET_UP_FRESH_MS ? known : startLook(deps);
  return { checks: (await look.checks).map((check) => ({ ...check, cause: null })) };
}

function startLook(deps: Deps) {
  const look = { at: performance.now(), checks: runChecks(deps) };
  lastLook.set(deps, look);
  return look;
}

function runChecks(deps: Deps): Promise<SystemCheck[]> {
  const { database, migrations } = storeChecks(deps);
  const tried: [SystemCheckName, () => Promise<unknown>][] = [
    ['database', database],
    ['migrations', migrations],
    ['redis', () => roundTripOfCache(deps)],
    ['storage', () => roundTripOfStorage(deps)],
    ['events', () => echoEvent(deps)],
    ['gpu', () => readGpuPing(deps)],
  ];
  return Promise.all(
    tried.map(async ([name, attempt]) => {
      try {
        await within(CHECK_MS, attempt());
        return { name, ok: true, cause: null };
      } catch (error) {
        deps.log.warn({ err: error, check: name }, 'a check of the installation failed');
        return { name, ok: false, cause: causeOf(error) };
      }
    }),
  );
}

/** The innermost reason: "the store does not answer" hides whether its name or its port is wrong. */
function causeOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  if (inner instanceof AggregateError) inner = inner.errors[0];
  if (!(inner instanceof Error)) return String(inner);
  return inner.message || ('code' in inner ? String(inner.code) : inner.name);
}

async function roundTripOfCache({ live }: Deps): Promise<void> {
  const key = `check:${newId()}`;
  await live.cache.set(key, key, CHECK_MS);
  if ((await live.cache.get(key)) !== key) throw new Error('what was written did not come back');
  await live.cache.drop(key);
}

async function roundTripOfStorage({ storage }: Deps): Promise<void> {
  const key = keys.check(newId());
  await storage.write(key, SAMPLE, 'text/plain');
  const back = await storage.read(key, SAMPLE.length);
  await storage.remove([key]);
  if (!back?.equals(SAMPLE)) throw new Error('what was written did not come back');
}

/** An event, signed as a GPU signs, to the address that GPUs are told. */
async function echoEvent({ config }: Deps): Promise<void> {
  const claim = { jobId: newId(), attempt: 1, claimEpoch: 1 };
  const body = JSON.stringify({ type: 'heartbeat', ...claim, phase: 'loading' });
  const [id, timestamp] = [`msg_${newId()}`, String(Math.floor(Date.now() / 1_000))];
  const secret = claimSecret(config.ticketKey, claim.jobId, claim.attempt, claim.claimEpoch);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const url = new URL(`/webhooks/gpu/${claim.jobId}/${claim.attempt}/${claim.claimEpoch}`, config.gpuApiUrl);
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    redirect: 'manual',
    signal: AbortSignal.timeout(CHECK_MS),
  });
  const text = await answer.text();
  if (answer.status === GONE && text.includes('"GONE"')) return;
  const other = answer.status === 401 && text.includes('SIGNATURE_INVALID');
  throw new Error(
    other
      ? `${url.origin} is a PixGen with another ticket key`
      : `${url.origin} answered ${answer.status}, not ${GONE}`,
  );
}

type GpuPing = { name: string; problem: string | null };

/** Asks the provider about a call that never was, and leaves the answer where the API finds it. */
export async function pingGpu(deps: Deps, gpu: Pick<GpuBackend, 'name' | 'status'>): Promise<void> {
  const problem = await gpu.status(`fc-${newId()}`).then(() => null, causeOf);
  const ping: GpuPing = { name: gpu.name, problem };
  await deps.live.cache.set(GPU_KEY, ping, GPU_SEEN_MS);
}

async function readGpuPing({ live }: Deps): Promise<void> {
  const ping = await live.cache.get<GpuPing>(GPU_KEY);
  if (ping === null) throw new Error(`no worker has reported within ${GPU_SEEN_MS / 1_000} s`);
  if (ping.problem !== null) throw new Error(`${ping.name}: ${ping.problem}`);
}
