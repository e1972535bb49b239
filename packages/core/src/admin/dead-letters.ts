/** What an operator does with jobs that ended badly: look at the whole story, and run them again for their owners. */
import { asJobRow, findDeadLetter, findLedgerEntries, type JobRow, listDeadLetterRows, logAdminAct } from '@pixgen/db';
import {
  AppError,
  type DeadLetterStory,
  type DeadLetterView,
  type JobKind,
  notFound,
  type Page,
  type RetryDeadLettersResult,
  say,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { retryGeneration } from '../generation/change-generation.ts';
import { toJobView } from '../jobs/job-view.ts';
import { toEventMessage } from '../jobs/publish.ts';
import { toPage } from '../page.ts';
import { retryTraining } from '../training/change-training.ts';

const OUTAGES: ReadonlySet<string> = new Set(['UNAVAILABLE', 'INTERNAL']);

type Dead = JobRow & { retryOf: string | null; user: { displayName: string } };

/** Jobs that ended failed or expired and were not retried since, newest first. */
export async function listDeadLetters(
  deps: Deps,
  input: { cursor?: string | undefined; limit: number; kind?: JobKind | undefined },
): Promise<Page<DeadLetterView>> {
  const rows = await listDeadLetterRows(deps.db, {
    before: input.cursor ?? null,
    limit: input.limit + 1,
    kind: input.kind ?? null,
  });
  return toPage(rows, input.limit, (row) => toView({ ...row, ...asJobRow(row) }));
}

/** Attempts with their causes and calls, history and money of one of them. */
export async function getDeadLetter(deps: Deps, input: { id: string }): Promise<DeadLetterStory> {
  const row = await findDeadLetter(deps.db, input.id);
  if (!row) throw notFound('job');
  const entries = await findLedgerEntries(deps.db, row.id);
  return {
    ...toView({ ...row, ...asJobRow(row) }),
    open: row.deadLetter !== null,
    attempts: row.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      startedAt: attempt.startedAt.toISOString(),
      claimedAt: attempt.claimedAt?.toISOString() ?? null,
      claims: attempt.claimEpoch,
      endedAt: attempt.endedAt?.toISOString() ?? null,
      cause: attempt.cause,
      callIds: [...new Set([...attempt.submittedCallIds, ...(attempt.claimedCallId ? [attempt.claimedCallId] : [])])],
    })),
    events: row.events.map((line) => toEventMessage(line).event),
    ledger: entries.map(({ entry, amountMicroUsd, createdAt }) => ({
      entry: entry as 'hold' | 'settle' | 'release',
      amountMicroUsd: Number(amountMicroUsd),
      at: createdAt.toISOString(),
    })),
  };
}

/**
 * Runs jobs again for their owners, one after the other, by the rules and on the budget of the owners' own retry. The dead
 * job's id is the key: repeating the call answers with the jobs that were made.
 */
export async function retryDeadLetters(
  deps: Deps,
  actor: Actor,
  input: { ids: string[] },
): Promise<RetryDeadLettersResult> {
  const items: RetryDeadLettersResult['items'] = [];
  for (const id of input.ids) {
    try {
      const jobId = await retryOne(deps, id);
      await logAdminAct(deps.db, { action: 'dead-letter.retried', actorId: actor.userId, detail: { jobId: id } });
      items.push({ id, outcome: 'accepted', jobId });
    } catch (error) {
      // An outage ends the whole call: what was accepted is answered again when it is repeated. What stands against one
      // job, its owner's limits too, stands against no other.
      if (!(error instanceof AppError) || OUTAGES.has(error.code)) throw error;
      items.push({ id, outcome: 'refused', code: error.code, message: error.message });
    }
  }
  return { items };
}

async function retryOne(deps: Deps, jobId: string): Promise<string> {
  const job = await findDeadLetter(deps.db, jobId);
  const orderId = job?.trainingId ?? job?.generationId;
  if (!job || !orderId) throw notFound('job');
  if (job.user.status !== 'active') throw new AppError('ACCOUNT_SUSPENDED', say`The owner of this job is suspended.`);
  if (job.model.deletedAt !== null) throw new AppError('STATE_CONFLICT', say`The owner deleted the model of this job.`);
  const owner: Actor = { userId: job.userId, role: 'member', status: 'active', via: 'session', sessionId: null };
  const input = { id: orderId, idempotencyKey: `dead-letter-${jobId}` };
  const { job: next } =
    job.kind === 'train'
      ? await retryTraining(deps, owner, input, jobId)
      : await retryGeneration(deps, owner, input, jobId);
  return next.id;
}

function toView(job: Dead): DeadLetterView {
  const { userId, modelId, holdMicroUsd, retryOf, user } = job;
  return {
    ...toJobView(job),
    userId,
    ownerName: user.displayName,
    modelId,
    holdMicroUsd: Number(holdMicroUsd),
    retryOf,
  };
}
