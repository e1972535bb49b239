/**
 * The worker's part of an erasure: steps that may each be run again, by anybody, after a crash at any point. What is done
 * stands on the erasure's row. Objects go before the rows that say where they are.
 */
import { createHash } from 'node:crypto';
import {
  completeErasure,
  findCallsToCancel,
  findDataExportIds,
  findJobsToEnd,
  finishStep,
  forgetCallCounts,
  hashReceipt,
  markErasureSwept,
  type OpenErasure,
  removeErasedRows,
  type StepResult,
  takeInventory,
} from '@pixgen/db';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import type { GpuBackend } from '../gpu/gpu-backend.ts';
import { GPU_UPLOAD_URL_MS } from '../jobs/grant-upload.ts';
import { move } from '../jobs/next-move.ts';
import { publishHistory } from '../jobs/publish.ts';
import { UPLOAD_URL_MS } from '../photos/create-photo.ts';
import { makeReceipt } from './receipt.ts';

/** The longest upload URL, of a photo or a GPU, and as much again for clocks that differ and bodies that take their time. */
export const LAST_SWEEP_AFTER_MS = 2 * Math.max(UPLOAD_URL_MS, GPU_UPLOAD_URL_MS);
const REMOVE_BATCH = 1_000;
const PARALLEL = 8;

export type ErasureTools = {
  gpu: Pick<GpuBackend, 'cancel'>;
  /** Ends the account at the identity provider; null where this site may not. */
  deleteIdentity: ((subject: string) => Promise<void>) | null;
};

type Step = (deps: Deps, erasure: OpenErasure, tools: ErasureTools) => Promise<StepResult>;

/** In order. `rows` repeats the first ones when a job began meanwhile. */
const STEPS = {
  jobs: endJobs,
  inventory,
  objects: async (deps, erasure) => {
    await removeObjects(deps, erasure);
    return {};
  },
  queues: async (deps, erasure) => ({ counts: { queueTasks: await deps.producer.forget(erasure) } }),
  caches: async (deps, erasure) => ({ counts: { cacheKeys: await forgetCaches(deps, erasure) } }),
  rows: removeRows,
  identity: endIdentity,
} as const satisfies Record<string, Step>;
export const ERASE_STEPS = Object.keys(STEPS) as (keyof typeof STEPS)[];

/**
 * Goes on with an erasure that this worker has in hand, to the end of what can be done now.
 *
 * @throws when a store or the identity provider does not answer; everything that was done stays done
 */
export async function runErasure(deps: Deps, erasure: OpenErasure, tools: ErasureTools, now = Date.now): Promise<void> {
  if (erasure.state === 'erased') return lastSweep(deps, erasure, tools);
  let current = erasure;
  for (const name of ERASE_STEPS) {
    if (current.stepsDone.includes(name)) continue;
    const found = await STEPS[name](deps, current, tools);
    await finishStep(deps.db.pool, current, name, found);
    current = withResult(current, name, found);
    deps.passPoint('erase.midway');
  }
  const erasedAt = new Date(now());
  const sweepAt = new Date(now() + LAST_SWEEP_AFTER_MS);
  const receipt = makeReceipt(current, erasedAt, sweepAt);
  const receiptSha256 = hashReceipt(receipt);
  await completeErasure(deps.db.pool, current, { erasedAt, sweepAt, receipt, receiptSha256 });
  deps.log.info({ erasureId: erasure.id, kind: erasure.kind }, 'erased');
}

function withResult(erasure: OpenErasure, step: string, { subject, ...found }: StepResult): OpenErasure {
  return {
    ...erasure,
    ...found,
    subject: subject === null ? null : erasure.subject,
    stepsDone: [...erasure.stepsDone, step],
    counts: { ...erasure.counts, ...found.counts },
  };
}

/** Jobs end with their holds released, and their calls are told. From here on no claim, event or upload counts. */
async function endJobs(deps: Deps, erasure: OpenErasure, tools: ErasureTools): Promise<StepResult> {
  for (;;) {
    const jobs = await findJobsToEnd(deps.db.pool, erasure);
    if (jobs.length === 0) break;
    const ended = await Promise.all(
      jobs.map(({ jobId, attempt }) =>
        deps.jobs.move(move(jobId, attempt, 'cancelled', { cause: 'CANCELLED_BY_USER' })),
      ),
    );
    await publishHistory(
      deps,
      ended.filter((moved) => moved !== null),
    );
  }
  const calls = await findCallsToCancel(deps.db.pool, erasure);
  const callIds = await cancelCalls(deps, tools, calls);
  return { callIds, counts: { gpuCalls: calls.length } };
}

/** @returns calls that could not be reached; they are told at the last sweep, and find out by themselves before */
async function cancelCalls(deps: Deps, { gpu }: ErasureTools, callIds: readonly string[]): Promise<string[]> {
  const missed: string[] = [];
  await inParallel(callIds, async (callId) => {
    await gpu.cancel(callId).catch((error: Error) => {
      deps.log.warn({ err: error, callId }, 'a call of an erased job could not be cancelled now');
      missed.push(callId);
    });
  });
  return missed;
}

/** Counts and hashes what there is, before the first of it goes: a repetition must not count what is left. */
async function inventory(deps: Deps, erasure: OpenErasure): Promise<StepResult> {
  const { jobIds, photoIds, counts } = await takeInventory(deps.db.pool, erasure);
  const lines: string[] = [];
  let objectBytes = 0;
  await inParallel(prefixesOf({ ...erasure, jobIds, photoIds }), async (prefix) => {
    for await (const { key, sizeBytes } of deps.storage.list(prefix)) {
      lines.push(`${key} ${sizeBytes}\n`);
      objectBytes += sizeBytes;
    }
  });
  const objectsSha256 = hashObjects(lines);
  return { jobIds, photoIds, counts: { ...counts, objects: lines.length, objectBytes, objectsSha256 } };
}

/** @param lines `key size`, each with its line end, in any order */
export function hashObjects(lines: readonly string[]): string {
  const hash = createHash('sha256');
  for (const line of lines.toSorted()) hash.update(line);
  return hash.digest('hex');
}

function prefixesOf({ kind, userId, targetId, modelId, objectKey, jobIds, photoIds }: OpenErasure): string[] {
  if (kind === 'account') return keys.ofUser(userId);
  if (kind === 'image') return objectKey === null ? [] : keys.ofImage({ userId, objectKey });
  if (kind === 'model') return keys.ofModel({ userId, modelId: targetId, jobIds, photoIds });
  return keys.ofPhoto({ userId, modelId: modelId ?? '', photoId: targetId });
}

/** @returns how many objects were there */
async function removeObjects(deps: Deps, erasure: OpenErasure): Promise<number> {
  let removed = 0;
  await inParallel(prefixesOf(erasure), async (prefix) => {
    await deps.storage.abortUploads(prefix);
    let batch: string[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await deps.storage.remove(batch);
      removed += batch.length;
      batch = [];
    };
    for await (const { key } of deps.storage.list(prefix)) {
      batch.push(key);
      if (batch.length === REMOVE_BATCH) await flush();
    }
    await flush();
    if (removed > 0) deps.passPoint('erase.midway');
  });
  return removed + (await removeOldCopies(deps, erasure.userId));
}

/** Copies of everything that were made before hold what is erased. Their rows went with the request; later ones have theirs. */
async function removeOldCopies(deps: Deps, userId: string): Promise<number> {
  const prefix = keys.dataExports(userId);
  const found: string[] = [];
  for await (const { key } of deps.storage.list(prefix)) found.push(key);
  // Read after the listing: a copy that is there has had its row since before.
  const wanted = await findDataExportIds(deps.db.pool, userId);
  const isWanted = (key: string): boolean => wanted.has(keys.parse(key)?.id ?? '');
  const old = found.filter((key) => !isWanted(key));
  await deps.storage.remove(old);
  await deps.storage.abortUploads(prefix, isWanted);
  return old.length;
}

async function forgetCaches(deps: Deps, erasure: OpenErasure): Promise<number> {
  const { kind, userId, jobIds } = erasure;
  if (kind === 'account') await forgetCallCounts(deps.db.pool, userId);
  return deps.live.forget({ userId: kind === 'account' ? userId : null, jobIds });
}

async function removeRows(deps: Deps, erasure: OpenErasure, tools: ErasureTools): Promise<StepResult> {
  const seen = { jobIds: new Set(erasure.jobIds), photoIds: new Set(erasure.photoIds) };
  // An order that was on its way when its owner asked for the end: it ends too, with all that it brought.
  for (let turn = 0; turn < 20; turn += 1) {
    const { jobIds, photoIds } = await takeInventory(deps.db.pool, erasure);
    for (const id of jobIds) seen.jobIds.add(id);
    for (const id of photoIds) seen.photoIds.add(id);
    const found = { jobIds: [...seen.jobIds], photoIds: [...seen.photoIds] };
    if (await removeErasedRows(deps.db.pool, erasure)) return found;
    await endJobs(deps, erasure, tools);
  }
  throw new Error('jobs of an erased thing begin all the time');
}

async function endIdentity(deps: Deps, erasure: OpenErasure, { deleteIdentity }: ErasureTools): Promise<StepResult> {
  const { kind, subject, requestedBy, id } = erasure;
  if (kind !== 'account' || subject === null || !subject.startsWith('user_')) return { subject: null };
  if (requestedBy === 'identity-provider') return { subject: null, counts: { identityProvider: 'erased' } };
  if (deleteIdentity === null) {
    deps.log.warn({ erasureId: id }, 'the account at the identity provider stays: no key to erase it with');
    return { subject: null, counts: { identityProvider: 'left' } };
  }
  await deleteIdentity(subject);
  return { subject: null, counts: { identityProvider: 'erased' } };
}

/** What a URL of before, or a process that was asleep, has brought since. */
async function lastSweep(deps: Deps, erasure: OpenErasure, tools: ErasureTools): Promise<void> {
  await cancelCalls(deps, tools, erasure.callIds);
  const lateObjects = await removeObjects(deps, erasure);
  const lateTasks = await deps.producer.forget(erasure);
  await forgetCaches(deps, erasure);
  await markErasureSwept(deps.db.pool, erasure, { lateObjects, lateTasks });
  deps.log.info(
    { erasureId: erasure.id, kind: erasure.kind, lateObjects, lateTasks },
    'searched once more after an erasure',
  );
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items];
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
    }),
  );
}
