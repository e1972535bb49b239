/** Work that takes a thread of the process for a while: so much of it at a time, a bounded number waits, the rest is told so. */
import { AppError, say } from '@pixgen/domain';
import { BulkheadRejectedError, bulkhead } from 'cockatiel';

/** By then some of what waits is done. */
const RETRY_AFTER_MS = 2_000;

export type AtOnce = <T>(work: () => Promise<T>) => Promise<T>;

/** @returns runs a piece of work in its turn; rejects with UNAVAILABLE when `waiting` others wait already */
export function createAtOnce(atOnce: number, waiting: number): AtOnce {
  const places = bulkhead(atOnce, waiting);
  return async (work) => {
    try {
      return await places.execute(work);
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error;
      throw new AppError(
        'UNAVAILABLE',
        say`PixGen has more to do than it can. Nothing was charged; try again in a moment.`,
        { cause: error, retryAfterMs: RETRY_AFTER_MS },
      );
    }
  };
}
