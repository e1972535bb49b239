import { type DataExportRow, findDataExport, requestDataExport } from '@pixgen/db';
import type { DataExportView } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { Actor, Deps } from '../deps.ts';
import { DOWNLOAD_URL_MS } from '../models/download-weights.ts';

/** Everything of a person may be gigabytes: within this time the newest copy is the answer. */
const FRESH_MS = 60 * 60_000;

/** Asks the worker for a copy of everything that is the caller's. Repeating it asks for no second one. */
export async function requestExport(deps: Deps, actor: Actor): Promise<{ dataExport: DataExportView }> {
  const row = await requestDataExport(deps.db, actor.userId, new Date(Date.now() - FRESH_MS));
  return { dataExport: toView(deps, row) };
}

/** The newest copy, with a way to it when it is ready. */
export async function getExport(deps: Deps, actor: Actor): Promise<{ dataExport: DataExportView | null }> {
  const row = await findDataExport(deps.db, actor.userId);
  return { dataExport: row && toView(deps, row) };
}

function toView(deps: Deps, row: DataExportRow): DataExportView {
  const isThere = row.state === 'ready' && row.expiresAt !== null && row.expiresAt.getTime() > Date.now();
  const signed = isThere
    ? deps.storage.presignGet({
        key: keys.dataExport(row.userId, row.id),
        expiresInMs: DOWNLOAD_URL_MS,
        downloadName: `pixgen-${row.createdAt.toISOString().slice(0, 10)}.zip`,
      })
    : null;
  return {
    id: row.id,
    state: row.state,
    sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    url: signed?.url ?? null,
  };
}
