/** The hot paths of this process, each with its own natural batches. */
import type pg from 'pg';
import { createJobAcceptor } from './accept-jobs.ts';
import { createBatcher } from './batch.ts';
import { createCallRecorder, createClaimer, createFenceReader } from './claims.ts';
import { createInbox } from './gpu-inbox.ts';
import { type JobMove, type MovedJob, moveJobs } from './job-moves.ts';
import { createOwnedModelReader } from './model-access.ts';
import { createWorkReader } from './work-orders.ts';

export type JobStore = ReturnType<typeof createJobStore>;

/** @param onEventsStored told the inbox ids of each committed batch, to enqueue them together */
export function createJobStore(pool: pg.Pool, onEventsStored: (ids: string[]) => Promise<void>) {
  return {
    accept: createJobAcceptor(pool),
    claim: createClaimer(pool),
    recordCall: createCallRecorder(pool),
    readFence: createFenceReader(pool),
    readWork: createWorkReader(pool),
    readOwnedModel: createOwnedModelReader(pool),
    storeEvent: createInbox(pool, onEventsStored),
    /** One compare-and-set; null when someone else moved the job on. */
    move: createBatcher<JobMove, MovedJob | null>(
      async (moves) => {
        const moved = new Map((await moveJobs(pool, moves)).map((row) => [row.jobId, row]));
        return moves.map((move) => moved.get(move.jobId) ?? null);
      },
      { maxBatch: 200 },
    ),
  };
}
