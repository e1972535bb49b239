/** What becomes of work whose task killed its worker again and again: it ends, with a cause, and blocks nobody else. */
import { discardEvents, findPhoto, readPendingEvents, type StoredEvents } from '@pixgen/db';
import { describeFailure } from '@pixgen/domain';
import type { PoisonHandlers } from '@pixgen/queue';
import type { Deps } from '../deps.ts';
import { failBulk } from '../gallery/run-bulk.ts';
import { refusePackOrder } from '../packs/start-ordered-pack.ts';
import { refusePhoto } from '../photos/check-photo.ts';
import { endAttempt } from './end-attempt.ts';

const CAUSE = 'KILLED_WORKER';

export function createPoisonHandlers(deps: Deps): PoisonHandlers {
  const endJob = async (job: { jobId: string; attempt: number }): Promise<void> => {
    deps.log.error({ ...job, cause: CAUSE }, 'a job is given up: its task killed its worker again and again');
    await endAttempt(deps, { ...job, cause: CAUSE, retryable: false });
  };
  return {
    dispatch: endJob,
    async 'cancel-calls'(task) {
      deps.log.error(task, 'calls are left to find out for themselves that their attempt is over');
    },
    async 'apply-events'({ eventIds }) {
      for (const { job, event } of await readPendingEvents(deps.db.pool, eventIds)) {
        await endJob({ jobId: job.id, attempt: event.attempt });
      }
      await discardEvents(deps.db.pool, eventIds);
    },
    async 'check-photo'({ photoId }) {
      deps.log.error({ photoId }, 'a photo is refused: its check killed its worker again and again');
      const photo = await findPhoto(deps.db, photoId);
      if (photo) await refusePhoto(deps, photo, 'NOT_AN_IMAGE');
    },
    async 'start-pack'({ packOrderId }) {
      deps.log.error({ packOrderId }, 'an ordered pack is given up: starting it killed its worker again and again');
      await refusePackOrder(deps, packOrderId, CAUSE, describeFailure(CAUSE).message);
    },
    async bulk(task) {
      deps.log.error(task, 'an act on many images is given up: it killed its worker again and again');
      await failBulk(deps, task);
    },
  };
}

/** Events whose batch killed its worker are applied one by one: each is judged by itself then. */
export async function applyApart(deps: Deps, { eventIds, jobIds }: StoredEvents): Promise<void> {
  await deps.producer.add(
    eventIds.map((id) => ({ task: 'apply-events', id: `alone-${id}`, payload: { eventIds: [id], jobIds, seen: [] } })),
  );
}
