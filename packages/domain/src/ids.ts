import { v7 } from 'uuid';

/** Random bytes are fetched for many ids at once: one call per id costs more than everything else about it. */
const POOL_BYTES = 16 * 256;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/** A new UUIDv7: sorts by time of creation, to the millisecond. */
export function newId(): string {
  if (used === POOL_BYTES) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + 16);
  used += 16;
  return v7({ random });
}
