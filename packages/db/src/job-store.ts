/** The hot paths of this process, each with its own natural batches. */
import type pg from 'pg';
import { createJobAcceptor } from './accept-jobs.ts';
import { createBatcher } from './batch.ts';
import { createCallRecorder, createClaimer, createFenceReader } from './claims.ts';
import { createInbox } from './gpu-inbox.ts';
import { type JobMove, type MovedJob, moveJobs } from './job-moves.ts';
import { createOwnedModelReader } from './model-access.ts';

export type JobStore = ReturnType<typeof createJobStore>;

/** @param onEventsStored told the inbox ids of each committed batch, to enqueue them together */
export function createJobStore(pool: pg.Pool, onEventsStored: (ids: string[]) => Promise<void>) {
  return {
    accept: createJobAcceptor(pool),
    claim: createClaimer(pool),
    recordCall: createCallRecorder(pool),
    readFence: createFenceReader(pool),
    readOwnedModel: createOwnedModelReader(pool),
    storeEvent: createInbox(pool, onEventsStored),
    /** One compare-and-set; null when someone else moved the job on. */
    move: createBatcher<JobMove, MovedJob | null>((moves) => moveEach(pool, moves, false), { maxBatch: 200 }),
    /** The same for a move that its caller repeats after a crash of Postgres: it does not wait for the disk. */
    moveRepeatably: createBatcher<JobMove, MovedJob | null>((moves) => moveEach(pool, moves, true), {
      maxBatch: 200,
      maxInFlight: 3,
    }),
  };
}

/** One statement moves a job at most once, so callers who want the same job take turns, in the order they came. */
async function moveEach(pool: pg.Pool, moves: JobMove[], repeatable: boolean): Promise<(MovedJob | null)[]> {
  const answers = new Map<JobMove, MovedJob>();
  let waiting = moves;
  while (waiting.length > 0) {
    const turn = new Map<string, JobMove>();
    for (const move of waiting) if (!turn.has(move.jobId)) turn.set(move.jobId, move);
    for (const row of await moveJobs(pool, [...turn.values()], repeatable)) {
      const winner = turn.get(row.jobId);
      if (winner) answers.set(winner, row);
    }
    waiting = waiting.filter((move) => turn.get(move.jobId) !== move);
  }
  return moves.map((move) => answers.get(move) ?? null);
}
