import type { JobRow } from '@pixgen/db';
import { AppError, type JobState, jobCan, say } from '@pixgen/domain';
import type { Deps } from '../deps.ts';
import { move } from './next-move.ts';
import { publishHistory, wakeRelay } from './publish.ts';

/**
 * Cancels a job for its owner: the row moves first, calls at the provider are ended by an outbox row of the same
 * transaction. Works in every live state.
 *
 * @throws AppError STATE_CONFLICT when the job has ended; INTERNAL never for a race: the newest state decides
 */
export async function cancelJob(deps: Deps, job: JobRow, reread: () => Promise<JobRow | null>): Promise<void> {
  let current: JobRow | null = job;
  // The job may move on between read and write; each turn sees a newer state, and there are few.
  for (let turn = 0; current && turn < 5; turn += 1) {
    assertCan(current.state);
    const moved = await deps.jobs.move(move(current.id, current.attempt, 'cancelled', { cause: 'CANCELLED_BY_USER' }));
    if (moved) {
      await wakeRelay(deps);
      await publishHistory(deps, [moved]);
      return;
    }
    current = await reread();
  }
  throw new AppError('STATE_CONFLICT', say`This job is changing right now. Try again.`);
}

function assertCan(state: JobState): void {
  const verdict = jobCan.cancel({ state });
  if (!verdict.allowed) throw new AppError('STATE_CONFLICT', verdict.reason);
}
