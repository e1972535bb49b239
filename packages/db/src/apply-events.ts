/** The apply step's transaction: results become rows, jobs move, money settles, inbox rows are marked. */
import type { JobKind, JobState } from '@pixgen/domain';
import pg from 'pg';
import { type JobMove, type MovedJob, moveJobs } from './job-moves.ts';
import { inTransaction, REPEATABLE } from './transaction.ts';
import type { CheckpointRow } from './work-orders.ts';

export type NewImage = {
  id: string;
  userId: string;
  modelId: string;
  generationId: string;
  position: number;
  state: 'ready' | 'failed';
  failureCode: string | null;
  prompt: string;
  compiledPrompt: string;
  seed: number;
  width: number;
  height: number;
  storageKey: string | null;
  sizeBytes: number | null;
  sha256: string | null;
};

export type NewWeights = {
  id: string;
  userId: string;
  modelId: string;
  trainingId: string;
  step: number;
  final: boolean;
  storageKey: string;
  sizeBytes: number;
  sha256: string;
  profile: string;
};

/** How one job stands inside the transaction, with its row locked. */
export type LockedJob = {
  id: string;
  kind: JobKind;
  state: JobState;
  attempt: number;
  claimEpoch: number;
  holdMicroUsd: number;
  planned: number;
  /** Images of the generation that are already drawn. */
  readyImageIds: string[];
};

/** What a decision writes for one job. */
export type JobEffects = {
  images: NewImage[];
  weights: NewWeights[];
  checkpoint: { jobId: string; value: CheckpointRow } | null;
  lossHistory: { trainingId: string; value: [number, number][] } | null;
  move: JobMove | null;
};

// A statement of its own: it must see what committed while the locks were waited for.
const READ = `
SELECT j.id, j.kind, j.state, j.attempt, j."holdMicroUsd", coalesce(a."claimEpoch", 0) AS "claimEpoch",
  coalesce(jsonb_array_length(g.planned), 0) AS planned, coalesce(i.ready, '{}') AS "readyImageIds"
FROM "Job" j LEFT JOIN "JobAttempt" a ON a."jobId" = j.id AND a.attempt = j.attempt
LEFT JOIN "Generation" g ON g.id = j."generationId"
LEFT JOIN LATERAL (SELECT array_agg(id) AS ready FROM "Image" WHERE "generationId" = j."generationId" AND state = 'ready') i ON true
WHERE j.id = ANY ($1::uuid[])`;

const WRITE = `
WITH img AS (
  INSERT INTO "Image" (id, "userId", "modelId", "generationId", position, state, "failureCode", prompt, "compiledPrompt", seed, width,
    height, "storageKey", "sizeBytes", sha256)
  SELECT r.id, r."userId", r."modelId", r."generationId", r.position, r.state, r."failureCode", r.prompt, r."compiledPrompt", r.seed,
    r.width, r.height, r."storageKey", r."sizeBytes", r.sha256
  FROM jsonb_to_recordset($1::jsonb) AS r(id uuid, "userId" uuid, "modelId" uuid, "generationId" uuid, position int, state text,
    "failureCode" text, prompt text, "compiledPrompt" text, seed bigint, width int, height int, "storageKey" text, "sizeBytes" int, sha256 text)
  -- A failed image that a later attempt or retry draws is the only one ever written again.
  ON CONFLICT (id) DO UPDATE SET state = excluded.state, "failureCode" = excluded."failureCode", "storageKey" = excluded."storageKey",
    "sizeBytes" = excluded."sizeBytes", sha256 = excluded.sha256, width = excluded.width, height = excluded.height
  WHERE "Image".state = 'failed'
  RETURNING id, "generationId", "failureCode"
),
wts AS (
  INSERT INTO "Weights" (id, "userId", "modelId", "trainingId", step, final, "storageKey", "sizeBytes", sha256, profile)
  SELECT r.id, r."userId", r."modelId", r."trainingId", r.step, r.final, r."storageKey", r."sizeBytes", r.sha256, r.profile
  FROM jsonb_to_recordset($2::jsonb) AS r(id uuid, "userId" uuid, "modelId" uuid, "trainingId" uuid, step int, final boolean,
    "storageKey" text, "sizeBytes" int, sha256 text, profile text)
  ON CONFLICT ("storageKey") DO NOTHING
),
chk AS (
  UPDATE "Job" j SET checkpoint = r.value FROM jsonb_to_recordset($3::jsonb) AS r("jobId" uuid, value jsonb)
  WHERE j.id = r."jobId" AND coalesce((j.checkpoint->>'step')::int, -1) < (r.value->>'step')::int
  RETURNING j.id, (r.value->>'step')::int AS step
),
los AS (
  UPDATE "Training" t SET "lossHistory" = r.value FROM jsonb_to_recordset($4::jsonb) AS r("trainingId" uuid, value jsonb)
  WHERE t.id = r."trainingId"
)
INSERT INTO "JobEvent" ("jobId", "userId", kind, "orderId", type, attempt, "imageId", step, code)
SELECT j.id, j."userId", j.kind, j."generationId", 'image', j.attempt, img.id, NULL, img."failureCode"
FROM img JOIN "Job" j ON j."generationId" = img."generationId" AND j.id = ANY ($5::uuid[])
UNION ALL
SELECT j.id, j."userId", j.kind, j."trainingId", 'checkpoint', j.attempt, NULL, chk.step, NULL FROM chk JOIN "Job" j ON j.id = chk.id
RETURNING "jobId", "userId", kind, "orderId", number, type, attempt, "imageId", step, code, at`;

export type AppliedEvent = Omit<MovedJob, 'code'> & {
  imageId: string | null;
  step: number | null;
  code: string | null;
};

/**
 * Applies a batch: locks the jobs in id order, lets `decide` say what each one's events do, and writes everything in one
 * transaction.
 *
 * @param jobIds jobs touched by the batch
 * @param inboxIds inbox rows to mark as applied, whatever was decided
 * @param decide pure: it sees each job as locked and returns what to write
 * @returns the new history lines, in order of their numbers
 */
export async function applyEffects(
  pool: pg.Pool,
  jobIds: string[],
  inboxIds: string[],
  decide: (jobs: Map<string, LockedJob>) => JobEffects[],
): Promise<AppliedEvent[]> {
  const apply = async (client: pg.PoolClient): Promise<AppliedEvent[]> => {
    type Row = Omit<LockedJob, 'holdMicroUsd'> & { holdMicroUsd: string };
    const locked = await client.query<Row>({ name: 'read-jobs', text: READ, values: [jobIds] });
    const jobs = new Map(locked.rows.map((row) => [row.id, { ...row, holdMicroUsd: Number(row.holdMicroUsd) }]));
    const effects = decide(jobs);
    const written = await writeResults(client, effects, jobIds);
    const moved = await moveJobs(
      client,
      effects.flatMap((effect) => effect.move ?? []),
    );
    return [...written, ...moved.map((row) => ({ ...row, imageId: null, step: null }))];
  };
  // The events stay in the inbox until this is on disk: what a crash of Postgres takes is applied again.
  return inTransaction(pool, apply, `${REPEATABLE}; ${lockJobs(jobIds)}`, `${markApplied(inboxIds)}; COMMIT`);
}

/** Sent together with COMMIT; see {@link lockJobs}. */
function markApplied(inboxIds: string[]): string {
  const list = inboxIds.map((id) => BigInt(id)).join(', ');
  return `UPDATE "GpuEvent" SET "appliedAt" = now() WHERE id IN (${list})`;
}

/** Sent together with BEGIN, which cannot carry parameters: one round trip less for every batch. */
function lockJobs(jobIds: string[]): string {
  const list = jobIds.map((id) => pg.escapeLiteral(id)).join(', ');
  return `SELECT id FROM "Job" WHERE id IN (${list}) ORDER BY id FOR NO KEY UPDATE`;
}

async function writeResults(client: pg.ClientBase, effects: JobEffects[], jobIds: string[]): Promise<AppliedEvent[]> {
  const images = effects.flatMap((effect) => effect.images);
  const weights = effects.flatMap((effect) => effect.weights);
  const checkpoints = effects.flatMap((effect) => effect.checkpoint ?? []);
  const losses = effects.flatMap((effect) => effect.lossHistory ?? []);
  if (images.length + weights.length + checkpoints.length + losses.length === 0) return [];
  const values = [...[images, weights, checkpoints, losses].map((rows) => JSON.stringify(rows)), jobIds];
  return (await client.query<AppliedEvent>({ name: 'apply-effects', text: WRITE, values })).rows;
}
