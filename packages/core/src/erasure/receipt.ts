import type { OpenErasure } from '@pixgen/db';
import { type ErasureReceipt, erasureReceipt } from '@pixgen/domain';

/** What an erasure's steps counted, as the person gets it. */
export function makeReceipt(erasure: OpenErasure, erasedAt: Date, lastSweepAt: Date): ErasureReceipt {
  const { id, kind, requestedBy, counts } = erasure;
  const count = (name: string): number => Number(counts[name] ?? 0);
  return erasureReceipt.parse({
    version: 1,
    id,
    kind,
    requestedBy,
    requestedAt: erasure.requestedAt.toISOString(),
    erasedAt: erasedAt.toISOString(),
    lastSweepAt: lastSweepAt.toISOString(),
    counts: Object.fromEntries(Object.keys(erasureReceipt.shape.counts.shape).map((name) => [name, count(name)])),
    objectsSha256: String(counts.objectsSha256 ?? ''),
    identityProvider: counts.identityProvider ?? 'none',
    kept: ['ledger', 'consents', 'audit log'],
  });
}
