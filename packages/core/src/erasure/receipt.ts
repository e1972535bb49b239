import { createHash } from 'node:crypto';
import type { OpenErasure } from '@pixgen/db';
import { type ErasureReceipt, erasureReceipt } from '@pixgen/domain';

/** Hex SHA-256 of a receipt as JSON with sorted names, whatever order its file has them in. */
export function hashReceipt(receipt: object): string {
  const canonical = JSON.stringify(receipt, (_, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(canonical).digest('hex');
}

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
