import { v7 } from 'uuid';

/** Random bytes are fetched for many ids at once: one call per id costs more than everything else about it. */
const POOL_BYTES = 16 * 256;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;
let lastMs = 0;
let seq = 0;

/** A new UUIDv7. Ids of one process sort in the order in which they were made, also within a millisecond. */
export function newId(): string {
  if (used === POOL_BYTES) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + 16);
  used += 16;
  // A clock that was set back must not make older ids.
  const now = Math.max(Date.now(), lastMs);
  // 31 random bits to begin a millisecond with leave room to count up; see RFC 9562, section 6.2, method 1.
  seq = now === lastMs ? seq + 1 : new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  lastMs = now;
  return v7({ random, msecs: now, seq });
}

/** The smallest UUIDv7 of a moment: ids made from then on sort at or after it. */
export function firstIdAt(ms: number): string {
  const hex = Math.trunc(ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
