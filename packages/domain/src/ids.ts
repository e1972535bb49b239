import { v7 } from 'uuid';

/** A new UUIDv7: sorts by time of creation. */
export function newId(): string {
  return v7();
}
