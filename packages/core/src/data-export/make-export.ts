/** The worker's part of a data export: one ZIP of rows and objects, streamed from the stores into the store. */
import { Readable } from 'node:stream';
import { type ClaimedExport, completeDataExport, OWN_TABLES, type OwnTable, readOwnRows } from '@pixgen/db';
import { keys } from '@pixgen/storage';
import { makeZip } from 'client-zip';
import type { Deps } from '../deps.ts';

/** A copy of everything is as private as everything: it does not lie around. */
export const EXPORT_MS = 24 * 3_600_000;

const ABOUT = `This is everything PixGen holds of you.

data/         what the database holds, one JSON file per kind of thing
photos/       your photos as they are stored: model, then photo
work/         what GPUs made for you: job, then weights (.safetensors) and images (.png)
objects.txt   every file with its size. After an erasure, the SHA-256 over its sorted lines stands in the receipt as
              objectsSha256, if nothing was added or removed in between.
`;

type Entry = { name: string; input: AsyncIterable<Uint8Array | string> };

/**
 * Makes the copy and stores it. Begun again from the start after a crash.
 *
 * @param signal ends it: nobody wants it any more
 * @throws when a store does not answer
 */
export async function makeExport(deps: Deps, wanted: ClaimedExport, signal: AbortSignal): Promise<void> {
  const key = keys.dataExport(wanted.userId, wanted.id);
  await deps.storage.abortUploads(key);
  const zip = makeZip(entries(deps, wanted.userId, signal));
  await deps.storage.writeStream(key, Readable.from(zip), 'application/zip', signal);
  const sizeBytes = (await deps.storage.head(key))?.sizeBytes ?? 0;
  const expiresAt = new Date(Date.now() + EXPORT_MS);
  const isWanted = await completeDataExport(deps.db, { ...wanted, sizeBytes, expiresAt });
  if (!isWanted) await deps.storage.remove([key]);
}

async function* entries(deps: Deps, userId: string, signal: AbortSignal): AsyncGenerator<Entry> {
  yield { name: 'README.txt', input: Readable.from([ABOUT]) };
  for (const table of OWN_TABLES) yield { name: `data/${table}.json`, input: rowsAsJson(deps, table, userId) };
  const listed: string[] = [];
  for (const prefix of keys.ofUser(userId)) {
    // Smaller versions are made from what is here; earlier exports and downloads hold the same once more.
    const isCopy = /^[dez]\//.test(prefix);
    for await (const { key, sizeBytes } of deps.storage.list(prefix)) {
      signal.throwIfAborted();
      listed.push(`${key} ${sizeBytes}\n`);
      if (isCopy) continue;
      const bytes = await deps.storage.readStream(key);
      // Erased between the listing and now.
      if (bytes) yield { name: nameOf(key), input: bytes };
    }
  }
  yield { name: 'objects.txt', input: Readable.from([listed.toSorted().join('')]) };
}

/** `p/{user}/{model}/{photo}.jpg` and `u/{user}/{photo}` are photos, `o/{user}/{job}/…` is work. */
function nameOf(key: string): string {
  const [prefix = '', , ...rest] = key.split('/');
  const folder = { p: 'photos', u: 'photos/unchecked', o: 'work' }[prefix] ?? 'other';
  return `${folder}/${rest.join('/')}`;
}

async function* rowsAsJson(deps: Deps, table: OwnTable, userId: string): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const rows of readOwnRows(deps.db.pool, table, userId)) {
    for (const row of rows) {
      yield `${separator}${JSON.stringify(row)}`;
      separator = ',\n';
    }
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}
