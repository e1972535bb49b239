/** Holds the store and the database against each other: objects that belong to nothing, rows whose object is not there. */
import { type Expected, findOwners, markLost, readExpectedObjects, readUserIds } from '@pixgen/db';
import { keys } from '@pixgen/storage';
import type { Deps } from '../deps.ts';
import { findMismatch } from './same-installation.ts';

/** Younger objects may belong to something under way, or to an erasure that searches once more. */
const MIN_AGE_MS = 86_400_000;
const BATCH = 1_000;
const ROOTS = [keys.quarantine, 'p/', 'o/', 'd/p/', 'd/o/', 'e/', 'z/'];

export type ObjectReport = {
  objects: number;
  /** Belonged to nothing. */
  orphans: number;
  /** Of these, removed. */
  removed: number;
  /** Rows that said an object is there which is not; they say so now. */
  lost: number;
};

/**
 * One pass. Nothing is changed when store and database are not of one installation and time, and no orphan is removed when
 * they are most of what is there: a person must look then.
 *
 * @param options.roots parts of the store, for tests that share one, and so is `markKey`
 */
export async function repairObjects(
  deps: Deps,
  options: { now?: number; roots?: string[]; userIds?: string[]; markKey?: string } = {},
): Promise<ObjectReport> {
  const before = new Date((options.now ?? Date.now()) - MIN_AGE_MS);
  const report: ObjectReport = { objects: 0, orphans: 0, removed: 0, lost: 0 };
  const mismatch = await findMismatch(deps, options.markKey);
  if (mismatch !== null) {
    if (mismatch === 'new') deps.log.info({}, 'store and database say from now on that they belong together');
    else deps.log.error({ mismatch }, 'store and database do not belong together: nothing was changed');
    return report;
  }
  const orphans: string[] = [];
  for (const root of options.roots ?? ROOTS) {
    let batch: string[] = [];
    const judge = async (): Promise<void> => {
      orphans.push(...(await findOrphans(deps, batch)));
      batch = [];
    };
    for await (const { key, modifiedAt } of deps.storage.list(root)) {
      report.objects += 1;
      if (modifiedAt >= before) continue;
      batch.push(key);
      if (batch.length === BATCH) await judge();
    }
    await judge();
  }
  report.orphans = orphans.length;
  if (orphans.length * 2 > report.objects && orphans.length > BATCH) {
    deps.log.error(
      report,
      'most objects of the store belong to nothing: is this the right database? nothing was removed',
    );
    return report;
  }
  await deps.storage.remove(orphans);
  report.removed = orphans.length;
  for await (const userId of options.userIds ?? readUserIds(deps.db)) report.lost += await markLostOf(deps, userId);
  if (report.orphans + report.lost > 0) deps.log.warn(report, 'store and database did not fit');
  return report;
}

/** Keys of no form of ours are left alone: somebody else's, in a shared bucket. */
async function findOrphans(deps: Deps, found: string[]): Promise<string[]> {
  const orphans: string[] = [];
  const parsed = found.flatMap((key) => {
    const owner = keys.parse(key);
    return owner ? [{ key, ...owner }] : [];
  });
  for (const [userId, own] of Map.groupBy(parsed, (one) => one.userId)) {
    const idsOf = (what: string): string[] => [...new Set(own.flatMap((one) => (one.what === what ? [one.id] : [])))];
    const ids = {
      photos: idsOf('photo'),
      jobs: idsOf('job'),
      exports: idsOf('export'),
      operations: idsOf('operation'),
    };
    const known = await findOwners(deps.db, userId, ids);
    // In quarantine nothing belongs to anything for that long.
    for (const { key, id } of own) if (!known.has(id) || key.startsWith(keys.quarantine)) orphans.push(key);
  }
  return orphans;
}

async function markLostOf(deps: Deps, userId: string): Promise<number> {
  const expected = await readExpectedObjects(deps.db, userId);
  if (expected.length === 0) return 0;
  const there = new Set<string>();
  for (const prefix of keys.ofUser(userId)) for await (const { key } of deps.storage.list(prefix)) there.add(key);
  let lost = 0;
  for (const row of expected) {
    const key = keyOf(userId, row);
    // A listing may be older than a row; only the store's own answer about this one key counts.
    if (there.has(key) || (await deps.storage.head(key)) !== null) continue;
    deps.log.error({ kind: row.kind, id: row.id }, 'an object is not there although its row says so');
    await markLost(deps.db, row);
    lost += 1;
  }
  return lost;
}

function keyOf(userId: string, { id, modelId, storageKey }: Expected): string {
  return storageKey ?? keys.photo(userId, modelId, id);
}
