import { asJobRow, findJob, listJobRows, titleOf } from '@pixgen/db';
import {
  type JobDetailView,
  type JobKind,
  type JobState,
  type NamedJobView,
  notFound,
  type Page,
} from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { toPage } from '../page.ts';
import { progressOf, toJobView } from './job-view.ts';
import { toEventMessage } from './publish.ts';

/** A job with its whole story. */
export async function getJob(deps: Deps, actor: Actor, input: { id: string }): Promise<JobDetailView> {
  const row = await findJob(deps.db, actor.userId, input.id);
  if (!row) throw notFound('job');
  const job = asJobRow(row);
  const progress = await progressOf(deps, [job]);
  return {
    ...toJobView(job, progress.get(job.id)),
    modelId: job.modelId,
    title: titleOf(row),
    events: row.events.map((line) => toEventMessage(line).event),
    attempts: row.attempts.map(({ attempt, startedAt, claimedAt, claimEpoch, endedAt, cause }) => ({
      attempt,
      startedAt: startedAt.toISOString(),
      claimedAt: claimedAt?.toISOString() ?? null,
      claims: claimEpoch,
      endedAt: endedAt?.toISOString() ?? null,
      cause,
    })),
  };
}

export async function listJobs(
  deps: Deps,
  actor: Actor,
  input: {
    cursor?: string | undefined;
    limit: number;
    kind?: JobKind | undefined;
    live?: boolean | undefined;
    state?: JobState | undefined;
    endedBadly?: boolean | undefined;
  },
): Promise<Page<NamedJobView>> {
  const rows = await listJobRows(deps.db, actor.userId, {
    before: input.cursor ?? null,
    limit: input.limit + 1,
    kind: input.kind ?? null,
    live: input.live ?? false,
    state: input.state ?? null,
    endedBadly: input.endedBadly ?? false,
  });
  const progress = await progressOf(deps, rows);
  return toPage(rows, input.limit, (row) => ({
    ...toJobView(row, progress.get(row.id)),
    modelId: row.modelId,
    title: row.title,
  }));
}
