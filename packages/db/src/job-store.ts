/** The hot paths of this process, each with its own natural batches. */
import type pg from 'pg';
import { type AcceptRequest, createJobAcceptor } from './accept-jobs.ts';
import { createBatcher, createCollector } from './batch.ts';
import { createClaimer, createFenceReader, recordCalls } from './claims.ts';
import { createInbox, type OnStored } from './gpu-inbox.ts';
import { type JobMove, type MovedJob, moveJobs } from './job-moves.ts';
import { createOwnedModelReader } from './model-access.ts';
import { removeFromOutbox } from './outbox.ts';

export type JobStore = ReturnType<typeof createJobStore>;

/** What a process does about committed rows; each is a shortcut, and a sweep does it again where it failed. */
export type JobStoreHooks = {
  /** Jobs of a committed batch, to be put on the queue. */
  onAccepted: (jobs: AcceptRequest[]) => void;
  /** Inbox rows of a committed batch, to be enqueued together. */
  onEventsStored: OnStored;
  onCallsRecorded: () => void;
  /** Something that could be left undone was. */
  onSkipped: (error: Error, what: string) => void;
};

/** Long enough for most calls to have claimed, and then there is nothing to record. */
const RECORD_AFTER_MS = 300;

/** @param livePlaces live jobs that one person may have; 0: no limit */
export function createJobStore(pool: pg.Pool, hooks: JobStoreHooks, livePlaces = 0) {
  const collect = <Item>(what: string, run: (items: Item[]) => Promise<void>) =>
    createCollector(run, { afterMs: RECORD_AFTER_MS, onError: (error) => hooks.onSkipped(error, what) });
  const calls = collect('call ids were not recorded', async (items: Parameters<typeof recordCalls>[1]) => {
    await recordCalls(pool, items);
    hooks.onCallsRecorded();
  });
  const handedOver = collect('the relay will send tasks again', (ids: string[]) => removeFromOutbox(pool, ids));
  return {
    accept: createJobAcceptor(pool, hooks.onAccepted, livePlaces),
    claim: createClaimer(pool),
    /** Remembers a submitted call, a moment later. */
    recordCall: calls.add,
    /** The task of this outbox row is on the queue: the row goes, a moment later. */
    handedOver: handedOver.add,
    /** Does now what was put off. */
    flush: () => Promise.all([calls.flush(), handedOver.flush()]),
    readFence: createFenceReader(pool),
    readOwnedModel: createOwnedModelReader(pool),
    storeEvent: createInbox(pool, hooks.onEventsStored),
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
