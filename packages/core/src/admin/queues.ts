import { countWaitingWork } from '@pixgen/db';
import type { QueuesView } from '@pixgen/domain';
import type { Deps } from '../deps.ts';

/** Longer than a healthy Redis ever takes. */
const PATIENCE_MS = 2_000;

/** How much waits where. Without Redis there is still what Postgres knows. */
export async function readQueues(deps: Deps): Promise<QueuesView> {
  const [work, queues] = await Promise.all([countWaitingWork(deps.db), readCounts(deps)]);
  return { ...work, redis: queues !== null, queues: queues ?? [] };
}

async function readCounts(deps: Deps) {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), PATIENCE_MS);
  const counts = deps.producer.counts().catch((error: Error) => {
    deps.log.warn({ err: error }, 'the queues cannot be counted');
    return null;
  });
  return Promise.race([counts, late.promise]).finally(() => clearTimeout(timer));
}
