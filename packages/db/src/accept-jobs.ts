/**
 * Accepting jobs: idempotency key, guarded hold, order, job, history and outbox row in one statement for many callers.
 * The statement is the transaction; the reply may be sent when it returns.
 */
import { setTimeout } from 'node:timers/promises';
import type { ImageFormat, JobKind, SchedulerName, TrainSettings } from '@pixgen/domain';
import type pg from 'pg';
import { createBatcher } from './batch.ts';
import type { Db } from './client.ts';
import { createStatements } from './statements.ts';

/** One planned image of a generation, as stored on it. */
export type PlannedImageRow = { imageId: string; prompt: string; compiledPrompt: string; seed: number };

export type NewGeneration = {
  weightsId: string;
  packVersionId: string | null;
  prompt: string | null;
  negativePrompt: string;
  seed: number;
  steps: number;
  guidance: number;
  width: number;
  height: number;
  loraWeight: number;
  scheduler: SchedulerName;
  draft: boolean;
  format: ImageFormat;
  planned: PlannedImageRow[];
};

export type NewTraining = {
  profile: string;
  preset: string;
  settings: TrainSettings;
  photoIds: string[];
  /** A pack that is to be run once the training succeeded. */
  pack?: { id: string; packVersionId: string; n: number } | null;
};

export type AcceptRequest = {
  userId: string;
  procedure: string;
  key: string;
  /** Hex SHA-256 of the input without its key. */
  bodyHash: string;
  jobId: string;
  outboxId: string;
  ledgerId: string;
  kind: JobKind;
  orderId: string;
  modelId: string;
  retryOf: string | null;
  holdMicroUsd: number;
  /** From acceptance to the end, whatever happens. */
  deadlineMs: number;
  /** The new order; both null when the job repeats an existing one. */
  generation: NewGeneration | null;
  training: NewTraining | null;
};

export type AcceptAnswer =
  | { outcome: 'accepted'; jobId: string; eventNumber: string; at: Date }
  | { outcome: 'replayed'; jobId: string }
  | { outcome: 'key-reused' }
  /** The first call with this key has not been answered yet, and the wait for its answer has ended. */
  | { outcome: 'in-progress' }
  | { outcome: 'over-budget' }
  | { outcome: 'already-live' }
  /** As many jobs of the person are live as may be. */
  | { outcome: 'no-place' }
  /** The model, or its owner, was erased meanwhile. */
  | { outcome: 'gone' };

/**
 * The accepting process hands a job to the queue itself, right after the commit; the relay takes the rows of those that
 * could not.
 */
const HAND_OVER_MS = 1_000;

/** What a batch consists of: a statement pays for each part it has, used or not. */
type Parts = {
  generations: boolean;
  trainings: boolean;
  packs: boolean;
  money: boolean;
  retries: boolean;
  /** Live jobs that a person may have; 0: no limit. */
  places: number;
};

function acceptText({ generations, trainings, packs, money, retries, places }: Parts): string {
  const tables = [
    `req AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(
    ord int, "userId" uuid, procedure text, key text, "bodyHash" text, "jobId" uuid, "outboxId" uuid, "ledgerId" uuid,
    kind text, "orderId" uuid, "modelId" uuid, "retryOf" uuid, "holdMicroUsd" bigint, "deadlineMs" bigint,
    generation jsonb, training jsonb)
)`,
    // A key that a transaction under way has is not waited for here: other people's orders of the batch would wait too.
    `own AS MATERIALIZED (
  SELECT r.* FROM req r WHERE pg_try_advisory_xact_lock(hashtextextended(concat_ws(' ', r."userId", r.procedure, r.key), 0))
)`,
    ...(money ? FITS : [`fits AS (SELECT * FROM own r WHERE ${KEY_IS_NEW})`]),
    ...(places > 0 ? placesFor(places) : []),
    `keyed AS (
  INSERT INTO "IdempotencyKey" ("userId", procedure, key, "bodyHash", "jobId")
  SELECT "userId", procedure, key, "bodyHash", "jobId" FROM fits${places > 0 ? ' JOIN live USING ("jobId")' : ''}
  ON CONFLICT DO NOTHING RETURNING "jobId"
)`,
    'ok AS (SELECT f.* FROM fits f JOIN keyed USING ("jobId"))',
    ...(generations ? [`gen AS (${INSERT_GENERATIONS})`] : []),
    ...(trainings ? [`tra AS (${INSERT_TRAININGS})`, `mod AS (${UPDATE_MODELS})`, `aud AS (${LOG_TRAININGS})`] : []),
    ...(packs ? [`pac AS (${INSERT_PACK_ORDERS})`] : []),
    `job AS (
  INSERT INTO "Job" (id, "userId", kind, "trainingId", "generationId", "modelId", "retryOf", "holdMicroUsd", "deadlineAt")
  SELECT "jobId", "userId", kind, CASE WHEN kind = 'train' THEN "orderId" END, CASE WHEN kind = 'generate' THEN "orderId" END,
    "modelId", "retryOf", "holdMicroUsd", now() + "deadlineMs" * interval '1 millisecond'
  FROM ok
)`,
    ...(places > 0 ? [] : [`live AS (${INSERT_LIVE} NULL::uuid, NULL::int FROM ok)`]),
    `box AS (
  INSERT INTO "Outbox" (id, task, payload, "dueAt")
  SELECT "outboxId", 'dispatch', jsonb_build_object('jobId', "jobId", 'attempt', 1), now() + interval '${HAND_OVER_MS} milliseconds'
  FROM ok
)`,
    ...(retries ? [`retried AS (DELETE FROM "DeadLetter" d USING ok WHERE d."jobId" = ok."retryOf")`] : []),
    ...(money ? HOLD : []),
    `event AS (
  INSERT INTO "JobEvent" ("jobId", "userId", kind, "orderId", type, attempt)
  SELECT "jobId", "userId", kind, "orderId", 'queued', 1 FROM ok ORDER BY ord
  RETURNING "jobId", number, at
)`,
  ];
  return `WITH ${tables.join(',\n')}
SELECT "jobId", number, at FROM event
UNION ALL SELECT "jobId", NULL, NULL FROM req WHERE NOT EXISTS (SELECT 1 FROM own WHERE own.ord = req.ord)${
    places > 0 ? TURNED_AWAY : ''
  }`;
}

/** Of an order or a training model that has a live job already, this fails the whole statement. */
const INSERT_LIVE = `
  INSERT INTO "LiveJob" ("jobId", "generationId", "modelId", "userId", place)
  SELECT "jobId", CASE WHEN kind = 'generate' THEN "orderId" END, CASE WHEN kind = 'train' THEN "modelId" END,`;

/**
 * Each new job takes a free place of its person's. A count would be one of the moment at which the statement began: two
 * statements at once would both find room. Of two that want the same place, the index gives it to one; the other is told to
 * try again, and finds the next place or none. All take them in one order, so that no two statements wait for each other.
 */
const placesFor = (places: number): string[] => [
  `placed AS (
  SELECT f.*, s.place FROM (SELECT f.*, row_number() OVER (PARTITION BY f."userId" ORDER BY f.ord) AS turn FROM fits f) f
  LEFT JOIN LATERAL (
    SELECT p.place FROM generate_series(1, ${places}) AS p(place)
    WHERE NOT EXISTS (SELECT 1 FROM "LiveJob" l WHERE l."userId" = f."userId" AND l.place = p.place)
    ORDER BY p.place OFFSET f.turn - 1 LIMIT 1) s ON true
)`,
  `live AS (${INSERT_LIVE} "userId", place FROM placed WHERE place IS NOT NULL
  ORDER BY "userId", place
  ON CONFLICT ("userId", place) WHERE place IS NOT NULL DO NOTHING RETURNING "jobId"
)`,
];

/** Those without a place, with a number that no event has; those whose place went to another statement, like a busy key. */
const TURNED_AWAY = `
UNION ALL SELECT "jobId", 0, NULL FROM placed WHERE place IS NULL
UNION ALL SELECT "jobId", NULL, NULL FROM placed WHERE place IS NOT NULL AND "jobId" NOT IN (SELECT "jobId" FROM live)`;
const NO_PLACE = '0';

const KEY_IS_NEW =
  'NOT EXISTS (SELECT 1 FROM "IdempotencyKey" k WHERE k."userId" = r."userId" AND k.procedure = r.procedure AND k.key = r.key)';

/** New requests that their person's budget has room for, in the order they came. */
const FITS = [
  `account AS (
  SELECT u.id, u."budgetLimitMicroUsd" AS budget, u."heldMicroUsd" + u."spentMicroUsd" AS used
  FROM "User" u WHERE u.id IN (SELECT "userId" FROM own WHERE "holdMicroUsd" > 0)
  ORDER BY u.id FOR NO KEY UPDATE
)`,
  `fresh AS (
  SELECT r.*, sum(r."holdMicroUsd") OVER (PARTITION BY r."userId" ORDER BY r.ord) AS wanted FROM own r WHERE ${KEY_IS_NEW}
)`,
  `fits AS (
  SELECT f.* FROM fresh f LEFT JOIN account a ON a.id = f."userId"
  WHERE f."holdMicroUsd" = 0 OR a.budget IS NULL OR a.used + f.wanted <= a.budget
)`,
];

const HOLD = [
  `held AS (
  UPDATE "User" u SET "heldMicroUsd" = u."heldMicroUsd" + s.total
  FROM (SELECT "userId", sum("holdMicroUsd") AS total FROM ok WHERE "holdMicroUsd" > 0 GROUP BY "userId") s
  WHERE u.id = s."userId"
)`,
  `ledger AS (
  INSERT INTO "LedgerEntry" (id, "userId", "jobId", entry, "amountMicroUsd")
  SELECT "ledgerId", "userId", "jobId", 'hold', "holdMicroUsd" FROM ok WHERE "holdMicroUsd" > 0
)`,
];

const INSERT_GENERATIONS = `
  INSERT INTO "Generation" (id, "userId", "modelId", "weightsId", "packVersionId", prompt, "negativePrompt", seed, steps,
    guidance, width, height, "loraWeight", scheduler, draft, format, planned)
  SELECT ok."orderId", ok."userId", ok."modelId", g."weightsId", g."packVersionId", g.prompt, g."negativePrompt", g.seed,
    g.steps, g.guidance, g.width, g.height, g."loraWeight", g.scheduler, g.draft, g.format, g.planned
  FROM ok, jsonb_to_record(ok.generation) AS g("weightsId" uuid, "packVersionId" uuid, prompt text, "negativePrompt" text,
    seed bigint, steps int, guidance float8, width int, height int, "loraWeight" float8, scheduler text, draft boolean, format text, planned jsonb)
  WHERE jsonb_typeof(ok.generation) = 'object'`;

const INSERT_TRAININGS = `
  INSERT INTO "Training" (id, "userId", "modelId", profile, preset, settings, "photoIds")
  SELECT ok."orderId", ok."userId", ok."modelId", t.profile, t.preset, t.settings, t."photoIds"
  FROM ok, jsonb_to_record(ok.training) AS t(profile text, preset text, settings jsonb, "photoIds" uuid[])
  WHERE jsonb_typeof(ok.training) = 'object'`;

const INSERT_PACK_ORDERS = `
  INSERT INTO "PackOrder" (id, "userId", "modelId", "trainingId", "packVersionId", n)
  SELECT p.id, ok."userId", ok."modelId", ok."orderId", p."packVersionId", p.n
  FROM ok, jsonb_to_record(ok.training->'pack') AS p(id uuid, "packVersionId" uuid, n int)
  WHERE jsonb_typeof(ok.training->'pack') = 'object'`;

const UPDATE_MODELS = `
  UPDATE "Model" m SET state = 'training', "updatedAt" = now() FROM ok WHERE ok.kind = 'train' AND m.id = ok."modelId"`;

const LOG_TRAININGS = `
  INSERT INTO "AuditEntry" (action, actor, subject, detail)
  SELECT 'training.started', u.pseudonym, u.pseudonym, jsonb_build_object('jobId', ok."jobId")
  FROM ok JOIN "User" u ON u.id = ok."userId" WHERE ok.kind = 'train'`;

const statementOf = createStatements(acceptText);

const KNOWN_KEYS = `
SELECT r.ord, k."jobId", k."bodyHash"
FROM jsonb_to_recordset($1::jsonb) AS r(ord int, "userId" uuid, procedure text, key text)
JOIN "IdempotencyKey" k ON k."userId" = r."userId" AND k.procedure = r.procedure AND k.key = r.key`;

const FOREIGN_KEY_VIOLATION = '23503';

/** A call waits this long for the stored answer of another one with its key. */
const KEY_WAIT_MS = 2_000;
const KEY_POLL_MS = 25;

/**
 * The accept step of this process; concurrent callers share a transaction.
 *
 * @param onAccepted told of the jobs of each committed batch
 * @param places live jobs that a person may have; 0: no limit
 */
export function createJobAcceptor(
  pool: pg.Pool,
  onAccepted: (jobs: AcceptRequest[]) => void,
  places = 0,
): (request: AcceptRequest) => Promise<AcceptAnswer> {
  const join = createBatcher<AcceptRequest, AcceptAnswer>(
    async (requests) => {
      const answers = await acceptBatch(pool, requests, places);
      const accepted = requests.filter((_, index) => answers[index]?.outcome === 'accepted');
      if (accepted.length > 0) onAccepted(accepted);
      return answers;
    },
    { maxBatch: 200 },
  );
  async function tryOnce(request: AcceptRequest): Promise<AcceptAnswer> {
    try {
      return await join(request);
    } catch (error) {
      // Only a request that ran alone gets here: its order or model already has a live job, or went.
      const constraint = constraintOf(error);
      // Its key was taken since the statement began, and the place it took was for nothing.
      if (constraint === 'LiveJob_jobId_fkey') return { outcome: 'in-progress' };
      if (error instanceof Error && 'code' in error && error.code === FOREIGN_KEY_VIOLATION) return { outcome: 'gone' };
      if (constraint === 'LiveJob_modelId_key' || constraint === 'LiveJob_generationId_key')
        return { outcome: 'already-live' };
      throw error;
    }
  }
  return async (request) => {
    const giveUpAt = performance.now() + KEY_WAIT_MS;
    let answer = await tryOnce(request);
    while (answer.outcome === 'in-progress' && performance.now() < giveUpAt) {
      await setTimeout(KEY_POLL_MS);
      answer = await tryOnce(request);
    }
    return answer;
  };
}

/** One row per job; no number means that a transaction under way has its key or its place, {@link NO_PLACE} that there is none. */
type AcceptResult = { jobId: string; number: string; at: Date | null } | { jobId: string; number: null; at: null };

const nameOf = ({ userId, procedure, key }: AcceptRequest): string => `${userId}\n${procedure}\n${key}`;

async function acceptBatch(pool: pg.Pool, requests: AcceptRequest[], places: number): Promise<AcceptAnswer[]> {
  // Same keys in one batch: the first is the call, the others are its repetitions.
  const firsts = new Map<string, number>();
  for (const [ord, request] of requests.entries()) if (!firsts.has(nameOf(request))) firsts.set(nameOf(request), ord);
  const rows = [...firsts.values()].map((ord) => ({ ord, ...requests[ord] }));
  const accepted = await pool.query<AcceptResult>({
    ...statementOf('accept-jobs', {
      generations: requests.some(({ generation }) => generation !== null),
      trainings: requests.some(({ kind }) => kind === 'train'),
      packs: requests.some(({ training }) => (training?.pack ?? null) !== null),
      money: requests.some(({ holdMicroUsd }) => holdMicroUsd > 0),
      retries: requests.some(({ retryOf }) => retryOf !== null),
      places,
    }),
    values: [JSON.stringify(rows)],
  });
  const byJob = new Map(accepted.rows.map((row) => [row.jobId, row]));
  const whyNot = (request: AcceptRequest): 'in-progress' | 'no-place' | 'over-budget' => {
    const row = byJob.get(requests[firsts.get(nameOf(request)) ?? -1]?.jobId ?? '');
    if (row === undefined) return 'over-budget';
    return row.number === NO_PLACE ? 'no-place' : 'in-progress';
  };
  const known = new Map<number, { jobId: string; bodyHash: string }>();
  if (requests.some((request) => !byJob.get(request.jobId)?.at)) {
    const asked = requests.map(({ userId, procedure, key }, ord) => ({ ord, userId, procedure, key }));
    const found = await pool.query<{ ord: number; jobId: string; bodyHash: string }>(KNOWN_KEYS, [
      JSON.stringify(asked),
    ]);
    for (const row of found.rows) known.set(row.ord, row);
  }
  return requests.map((request, ord) => {
    const row = byJob.get(request.jobId);
    if (row?.at) return { outcome: 'accepted', jobId: row.jobId, eventNumber: row.number, at: row.at };
    const earlier = known.get(ord);
    if (!earlier) return { outcome: whyNot(request) };
    return earlier.bodyHash === request.bodyHash
      ? { outcome: 'replayed', jobId: earlier.jobId }
      : { outcome: 'key-reused' };
  });
}

/** The job that an idempotency key stands for; null when the key is new. */
export async function findIdempotencyKey(db: Db, id: { userId: string; procedure: string; key: string }) {
  return db.prisma.idempotencyKey.findUnique({
    where: { userId_procedure_key: id },
    select: { jobId: true, bodyHash: true },
  });
}

function constraintOf(error: unknown): string | null {
  return error instanceof Error && 'constraint' in error ? String(error.constraint) : null;
}
