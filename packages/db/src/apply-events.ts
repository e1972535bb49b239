/** The apply step's two statements: what waits with all that a decision needs, and the decision written as a whole. */
import type { DurableGpuEvent, JobKind, JobState, SafetyVerdict } from '@pixgen/domain';
import type pg from 'pg';
import type { PlannedImageRow } from './accept-jobs.ts';
import {
  effectsText,
  type JobMove,
  MOVE_COLUMNS,
  MOVE_EVENT,
  MOVE_SETS,
  MOVED_COLUMNS,
  type MovedJob,
  moveEffects,
  toMoveRow,
  WITHOUT_WAITING,
} from './job-moves.ts';
import { createStatements } from './statements.ts';
import { NOT_ORDERED, READY_BEFORE } from './states.ts';
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
  safety: SafetyVerdict | null;
};

export type NewWeights = {
  id: string;
  userId: string;
  modelId: string;
  trainingId: string;
  jobId: string;
  step: number;
  final: boolean;
  likeness: number | null;
  storageKey: string;
  sizeBytes: number;
  sha256: string;
  kohyaStorageKey: string | null;
  profile: string;
};

export type NewSample = {
  id: string;
  userId: string;
  trainingId: string;
  step: number;
  position: number;
  prompt: string;
  storageKey: string;
  width: number;
  height: number;
};

/** How one job stands, as read together with its events. */
export type ReadJob = {
  id: string;
  userId: string;
  kind: JobKind;
  orderId: string;
  modelId: string;
  state: JobState;
  attempt: number;
  /** What is decided from this row is written only while the job still has this version. */
  version: number;
  claimEpoch: number;
  holdMicroUsd: number;
  /** Planned images of a generation; empty for a training. */
  planned: PlannedImageRow[];
  /** Images of the generation that are already drawn. */
  readyImageIds: string[];
  /** How many of them earlier jobs of the order drew. */
  readyBefore: number;
  /** How many of the planned ones this job was not to draw. */
  notOrdered: number;
  /** Step of the newest checkpoint; null when there is none. */
  checkpointStep: number | null;
  profile: string | null;
  /** Of a training; empty for a generation. */
  samplePrompts: string[];
  /** Of a training that may stop early: its steps; null for everything else. */
  stoppableSteps: number | null;
};

/** An inbox row with its job. */
export type PendingEvent = { id: string; event: DurableGpuEvent; job: ReadJob };

const PENDING = `
SELECT e.id, e.payload AS event, j.id AS "jobId", j."userId", j.kind, coalesce(j."trainingId", j."generationId") AS "orderId",
  j."modelId", j.state, j.attempt, j.version, coalesce(a."claimEpoch", 0) AS "claimEpoch", j."holdMicroUsd",
  coalesce(g.planned, '[]') AS planned, (j.checkpoint->>'step')::int AS "checkpointStep", t.profile,
  coalesce(t.settings->'samplePrompts', '[]') AS "samplePrompts",
  CASE WHEN (t.settings->>'stopEarly')::boolean THEN (t.settings->>'steps')::int END AS "stoppableSteps",
  ARRAY(SELECT i.id FROM "Image" i WHERE i."generationId" = j."generationId" AND i.state = 'ready') AS "readyImageIds",
  ${READY_BEFORE} AS "readyBefore", ${NOT_ORDERED} AS "notOrdered"
FROM "GpuEvent" e JOIN "Job" j ON j.id = e."jobId" LEFT JOIN "JobAttempt" a ON a."jobId" = j.id AND a.attempt = j.attempt
LEFT JOIN "Generation" g ON g.id = j."generationId" LEFT JOIN "Training" t ON t.id = j."trainingId"
WHERE e.id = ANY ($1::bigint[]) AND e."appliedAt" IS NULL ORDER BY e.id`;

/** What was stored of trainings, whether or not its task has come up. */
const STORED_OF = 'SELECT id FROM "GpuEvent" WHERE "jobId" = ANY ($1::uuid[]) AND "appliedAt" IS NULL';

/**
 * The not yet applied ones among these inbox rows, in order of arrival. The end of a training takes along what was stored
 * before it: samples and checkpoints whose own task comes up later would find a job that is over.
 */
export async function readPendingEvents(pool: pg.Pool, ids: string[]): Promise<PendingEvent[]> {
  const pending = await readPending(pool, ids);
  const ending = pending.filter(({ job, event }) => job.kind === 'train' && isEnd(event)).map(({ job }) => job.id);
  if (ending.length === 0) return pending;
  const stored = await pool.query<{ id: string }>({ name: 'stored-of', text: STORED_OF, values: [ending] });
  const known = new Set(ids);
  const others = stored.rows.flatMap(({ id }) => (known.has(id) ? [] : [id]));
  return others.length === 0 ? pending : readPending(pool, [...ids, ...others]);
}

const isEnd = ({ type }: DurableGpuEvent): boolean => type === 'succeeded' || type === 'failed';

async function readPending(pool: pg.Pool, ids: string[]): Promise<PendingEvent[]> {
  type Row = Omit<ReadJob, 'id' | 'holdMicroUsd'> & {
    id: string;
    event: DurableGpuEvent;
    jobId: string;
    holdMicroUsd: string;
  };
  const result = await pool.query<Row>({ name: 'pending-events', text: PENDING, values: [ids] });
  return result.rows.map(({ id, event, jobId, holdMicroUsd, ...job }) => ({
    id,
    event,
    job: { ...job, id: jobId, holdMicroUsd: Number(holdMicroUsd) },
  }));
}

/** What a decision writes for one job. */
export type JobEffects = {
  jobId: string;
  /** Of the job that the decision was made from. */
  version: number;
  attempt: number;
  kind: JobKind;
  holdMicroUsd: number;
  images: NewImage[];
  weights: NewWeights[];
  samples: NewSample[];
  /** A newer one than the job has. */
  checkpoint: CheckpointRow | null;
  lossHistory: { trainingId: string; value: [number, number][] } | null;
  move: JobMove | null;
};

/** What a batch of decisions consists of: a statement pays for each part it has, used or not. */
type Parts = { ends: string[] | null; goesOn: boolean; images: boolean; training: boolean };

type Parameter = 'jobs' | 'inboxIds' | 'images' | 'weights' | 'samples' | 'losses';

/** A parameter that a statement does not use would have no type. */
function parametersOf({ images, training }: Parts): Parameter[] {
  return [
    'jobs',
    'inboxIds',
    ...(images ? ['images' as const] : []),
    ...(training ? ['weights' as const, 'samples' as const, 'losses' as const] : []),
  ];
}

/**
 * Moves of jobs, and results of jobs that go on. The version is what makes one statement enough: a job that anyone changed
 * since it was read is left alone with all its events, and the caller reads and decides again.
 */
function applyText(parts: Parts): string {
  const { ends, goesOn, images, training } = parts;
  const parameter = (name: Parameter): string => `$${parametersOf(parts).indexOf(name) + 1}`;
  const change = (sets: string, which: string): string => `
  UPDATE "Job" j SET ${sets}, checkpoint = coalesce(mv.checkpoint, j.checkpoint)
  FROM mv, locked WHERE j.id = locked.id AND j.id = mv."jobId" AND j.version = mv.version AND ${which}
  RETURNING j."generationId", mv.checkpoint, ${MOVED_COLUMNS}`;
  const changed = [ends && 'SELECT * FROM moved', goesOn && 'SELECT * FROM went_on']
    .filter(Boolean)
    .join(' UNION ALL ');
  const lines = [
    images &&
      `SELECT c.id, c."userId", c.kind, c."orderId", 'image' AS type, c."oldAttempt" AS attempt, img.id AS "imageId",
        NULL::int AS step, img."failureCode" AS code, 0 AS part, img.position
      FROM img JOIN changed c ON c."generationId" = img."generationId"`,
    training &&
      `SELECT id, "userId", kind, "orderId", 'checkpoint' AS type, "oldAttempt" AS attempt, NULL::uuid AS "imageId",
        (checkpoint->>'step')::int AS step, NULL::text AS code, 1 AS part, 0 AS position
      FROM changed WHERE checkpoint IS NOT NULL`,
    training &&
      `SELECT c.id, c."userId", c.kind, c."orderId", 'weights' AS type, c."oldAttempt" AS attempt, NULL::uuid AS "imageId",
        wts.step, NULL::text AS code, 1 AS part, 0 AS position
      FROM wts JOIN changed c ON c.id = wts."jobId" WHERE NOT wts.final`,
    training &&
      `SELECT c.id, c."userId", c.kind, c."orderId", 'sample' AS type, c."oldAttempt" AS attempt, NULL::uuid AS "imageId",
        smp.step, NULL::text AS code, 1 AS part, 1 + smp.position AS position
      FROM smp JOIN changed c ON c."orderId" = smp."trainingId"`,
    ends &&
      `SELECT id, "userId", kind, "orderId", ${MOVE_EVENT} AS type, "oldAttempt" AS attempt, NULL::uuid AS "imageId",
        NULL::int AS step, cause AS code, 2 AS part, 0 AS position
      FROM moved`,
  ].filter((line) => line !== false && line !== null);
  const tables = [
    WITHOUT_WAITING,
    `mv AS (SELECT r.* FROM lazy, jsonb_to_recordset(${parameter('jobs')}::jsonb) AS r(version int, checkpoint jsonb, ${MOVE_COLUMNS}))`,
    `locked AS (
  SELECT j.id FROM "Job" j JOIN mv ON mv."jobId" = j.id WHERE j.version = mv.version ORDER BY j.id FOR NO KEY UPDATE OF j
)`,
    ...(ends ? [`moved AS (${change(MOVE_SETS, 'mv."to" IS NOT NULL')})`, ...effectsText(ends)] : []),
    ...(goesOn ? [`went_on AS (${change('version = j.version + 1, "updatedAt" = now()', 'mv."to" IS NULL')})`] : []),
    `changed AS (${changed || 'SELECT NULL::uuid AS id, NULL::uuid AS "generationId" WHERE false'})`,
    ...(images ? [`img AS (${insertImages(parameter('images'))})`] : []),
    ...(training
      ? [
          `wts AS (${insertWeights(parameter('weights'))})`,
          `smp AS (${insertSamples(parameter('samples'))})`,
          `los AS (${updateLosses(parameter('losses'))})`,
        ]
      : []),
    // Events that change nothing are settled whatever the version: what made them stale never comes back.
    `applied AS (
  UPDATE "GpuEvent" e SET "appliedAt" = now()
  WHERE e.id = ANY (${parameter('inboxIds')}::bigint[]) AND (e."jobId" NOT IN (SELECT "jobId" FROM mv) OR e."jobId" IN (SELECT id FROM changed))
)`,
  ];
  if (lines.length === 0) return `WITH ${tables.join(',\n')} SELECT id AS "changedId", NULL AS number FROM changed`;
  return `WITH ${tables.join(',\n')},
event AS (
  INSERT INTO "JobEvent" ("jobId", "userId", kind, "orderId", type, attempt, "imageId", step, code)
  SELECT id, "userId", kind, "orderId", type, attempt, "imageId", step, code FROM (${lines.join(' UNION ALL ')}) line
  ORDER BY part, position
  RETURNING "jobId", "userId", kind, "orderId", number, type, attempt, "imageId", step, code, at
)
SELECT changed.id AS "changedId", event.* FROM changed LEFT JOIN event ON event."jobId" = changed.id ORDER BY event.number`;
}

const insertImages = (parameter: string): string => `
  INSERT INTO "Image" (id, "userId", "modelId", "generationId", position, state, "failureCode", prompt, "compiledPrompt", seed, width,
    height, "storageKey", "sizeBytes", sha256, safety)
  SELECT r.id, r."userId", r."modelId", r."generationId", r.position, r.state, r."failureCode", r.prompt, r."compiledPrompt", r.seed,
    r.width, r.height, r."storageKey", r."sizeBytes", r.sha256, nullif(r.safety, 'null')
  FROM jsonb_to_recordset(${parameter}::jsonb) AS r(id uuid, "userId" uuid, "modelId" uuid, "generationId" uuid, position int, state text,
    "failureCode" text, prompt text, "compiledPrompt" text, seed bigint, width int, height int, "storageKey" text, "sizeBytes" int, sha256 text,
    safety jsonb)
  JOIN changed ON changed."generationId" = r."generationId"
  -- A failed image that a later attempt or retry draws is the only one ever written again.
  ON CONFLICT (id) DO UPDATE SET state = excluded.state, "failureCode" = excluded."failureCode", "storageKey" = excluded."storageKey",
    "sizeBytes" = excluded."sizeBytes", sha256 = excluded.sha256, width = excluded.width, height = excluded.height, safety = excluded.safety
  WHERE "Image".state = 'failed' AND "Image"."failureCode" IS DISTINCT FROM 'TAKEN_DOWN'
  RETURNING id, "generationId", position, "failureCode"`;

/** A training that resumes keeps the LoRA of a step again; the first one stays. */
const insertWeights = (parameter: string): string => `
  INSERT INTO "Weights" (id, "userId", "modelId", "trainingId", "jobId", step, final, likeness, "storageKey", "sizeBytes", sha256,
    "kohyaStorageKey", profile)
  SELECT r.id, r."userId", r."modelId", r."trainingId", r."jobId", r.step, r.final, r.likeness, r."storageKey", r."sizeBytes", r.sha256,
    r."kohyaStorageKey", r.profile
  FROM jsonb_to_recordset(${parameter}::jsonb) AS r(id uuid, "userId" uuid, "modelId" uuid, "trainingId" uuid, "jobId" uuid, step int,
    final boolean, likeness float8, "storageKey" text, "sizeBytes" int, sha256 text, "kohyaStorageKey" text, profile text)
  JOIN changed ON changed.id = r."jobId"
  ON CONFLICT DO NOTHING
  RETURNING "jobId", step, final`;

/** A training that resumes draws the samples of a step again; the first ones stay. */
const insertSamples = (parameter: string): string => `
  INSERT INTO "Sample" (id, "userId", "trainingId", step, position, prompt, "storageKey", width, height)
  SELECT r.id, r."userId", r."trainingId", r.step, r.position, r.prompt, r."storageKey", r.width, r.height
  FROM jsonb_to_recordset(${parameter}::jsonb) AS r(id uuid, "userId" uuid, "trainingId" uuid, step int, position int, prompt text,
    "storageKey" text, width int, height int)
  JOIN changed ON changed."orderId" = r."trainingId"
  ON CONFLICT DO NOTHING
  RETURNING "trainingId", step, position`;

const updateLosses = (parameter: string): string => `
  UPDATE "Training" t SET "lossHistory" = r.value
  FROM jsonb_to_recordset(${parameter}::jsonb) AS r("trainingId" uuid, value jsonb) JOIN changed ON changed."orderId" = r."trainingId"
  WHERE t.id = r."trainingId"`;

const statementOf = createStatements(applyText);

export type AppliedEvent = Omit<MovedJob, 'code'> & {
  imageId: string | null;
  step: number | null;
  code: string | null;
};

/**
 * Writes what was decided, each job's part as a whole or not at all, and marks the events as applied with it. The commit
 * does not wait for the disk: the events stay in the inbox until it is there, so what a crash of Postgres takes is applied
 * again.
 *
 * @param effects at most one per job; a job without one is left alone
 * @param inboxIds inbox rows that were decided about
 * @returns the new history lines in order of their numbers, and the jobs that changed since they were read: nothing was
 *   written for these, and their events stay in the inbox
 */
export async function applyEffects(
  pool: pg.Pool,
  effects: JobEffects[],
  inboxIds: string[],
): Promise<{ lines: AppliedEvent[]; conflicts: string[] }> {
  type Row = { changedId: string } & { [Name in keyof AppliedEvent]: AppliedEvent[Name] | null };
  const jobs = effects.map(({ jobId, version, attempt, checkpoint, move }) => ({
    ...(move && toMoveRow(move)),
    jobId,
    version,
    attempt,
    checkpoint,
  }));
  const images = effects.flatMap((effect) => effect.images);
  const weights = effects.flatMap((effect) => effect.weights);
  const samples = effects.flatMap((effect) => effect.samples);
  const losses = effects.flatMap((effect) => effect.lossHistory ?? []);
  const moves = effects.flatMap(({ move }) => move ?? []);
  const training = effects.some(({ kind }) => kind === 'train');
  const free = effects.every(({ holdMicroUsd }) => holdMicroUsd === 0);
  const parts: Parts = {
    ends: moves.length > 0 ? moveEffects(moves, { generations: !training, free }) : null,
    goesOn: moves.length < effects.length,
    images: images.length > 0,
    training,
  };
  const rowsOf = { jobs, images, weights, samples, losses };
  const values = parametersOf(parts).map((name) => (name === 'inboxIds' ? inboxIds : JSON.stringify(rowsOf[name])));
  const { rows } = await pool.query<Row>({ ...statementOf('apply', parts), values });
  const changed = new Set(rows.map((row) => row.changedId));
  return {
    lines: rows.flatMap(({ changedId: _, ...line }) => (line.number === null ? [] : [line as AppliedEvent])),
    conflicts: effects.flatMap(({ jobId }) => (changed.has(jobId) ? [] : [jobId])),
  };
}
