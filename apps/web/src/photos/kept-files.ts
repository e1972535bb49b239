/**
 * Files that were added and are not on the server yet, kept in this browser, so that a reload in the middle of an upload
 * loses nothing. Each goes as soon as the server has its photo, all of them at sign-out and after a day.
 */
import { createStore, del, entries, set, type UseStore } from 'idb-keyval';
import { KEPT_DATABASE } from './kept-database';

const DAY_MS = 86_400_000;

type KeptFile = { key: string; modelId: string; file: File; photoId: string | null; at: number };

let store: UseStore | null = null;
const open = () => (store ??= createStore(KEPT_DATABASE, 'files'));

/** Private windows may have no such storage: then a reload asks for the file again. */
async function orNothing<T>(work: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await work();
  } catch {
    return nothing;
  }
}

export function keepFile(modelId: string, key: string, file: File, photoId: string | null): Promise<void> {
  const kept: KeptFile = { key, modelId, file, photoId, at: Date.now() };
  return orNothing(() => set(key, kept, open()), undefined);
}

export function dropFile(key: string): Promise<void> {
  return orNothing(() => del(key, open()), undefined);
}

/** What waits for this model, in the order it was added; what is older than a day is forgotten. */
export async function readKeptFiles(modelId: string): Promise<KeptFile[]> {
  const all = await orNothing(() => entries<string, KeptFile>(open()), []);
  const old = all.filter(([, { at }]) => at < Date.now() - DAY_MS);
  await Promise.all(old.map(([key]) => dropFile(key)));
  return all
    .flatMap(([, kept]) => (kept.modelId === modelId && kept.at >= Date.now() - DAY_MS ? [kept] : []))
    .toSorted((one, other) => one.at - other.at);
}

/**
 * Runs `work` unless another tab has the same file in hand.
 *
 * @returns false when it has
 */
export async function withFileInHand(key: string, work: () => Promise<void>): Promise<boolean> {
  // On plain-http addresses there are no locks; two tabs may then send the same photo, and one copy is refused.
  if (!navigator.locks) return work().then(() => true);
  return navigator.locks.request(`${KEPT_DATABASE}:${key}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return false;
    await work();
    return true;
  });
}

/** Whether a tab of this browser, this one too, has the file in hand. */
export async function isFileInHand(key: string): Promise<boolean> {
  return !(await withFileInHand(key, async () => {}));
}
