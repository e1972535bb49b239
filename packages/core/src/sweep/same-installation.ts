/** Whether store and database are of one installation and of one time, before one is changed to fit the other. */
import { countPass, findInstallation } from '@pixgen/db';
import { keys } from '@pixgen/storage';
import { z } from 'zod';
import type { Deps } from '../deps.ts';

const MAX_BYTES = 1_000;
const mark = z.object({ id: z.uuid(), pass: z.int() });

/** Why nothing may be changed; `new`: from here on both say whose they are. */
export type Mismatch = 'new' | 'another store' | 'another database' | 'an old database';

/**
 * The store's mark is as far as the database or one pass behind it, since the database counts first. A database that is behind
 * is a backup: what was made after it belongs to nothing in it.
 *
 * @param markKey for tests that share a store
 * @returns null when they fit; then this pass is counted in both
 */
export async function findMismatch(deps: Deps, markKey: string = keys.installation): Promise<Mismatch | null> {
  const bytes = await deps.storage.read(markKey, MAX_BYTES);
  const ofStore = bytes && mark.parse(JSON.parse(bytes.toString('utf8')));
  const ofDatabase = await findInstallation(deps.db.pool);
  if (ofStore === null && ofDatabase !== null) return 'another store';
  if (ofStore !== null && ofStore.id !== ofDatabase?.id) return 'another database';
  if (ofStore !== null && ofDatabase !== null && ofStore.pass > ofDatabase.pass) return 'an old database';
  const counted = await countPass(deps.db.pool);
  await deps.storage.write(markKey, Buffer.from(JSON.stringify(counted)), 'application/json');
  return ofStore === null ? 'new' : null;
}
