/** Guarantees broken on purpose, one edit of the product's source each, and what must be said about it. */

import type { PlannedFault } from '../plan.ts';
import type { ScenarioReport } from '../scenarios/scenario.ts';

export type Edit = {
  /** From the root of the repository. */
  file: string;
  /** Stands in it exactly once. */
  find: string;
  replace: string;
};

export type Break = {
  /** What was taken away. */
  what: string;
  edits: readonly Edit[];
  /** The checker's finding that must be among those of a run with these faults, … */
  run?: { finds: string; faults: readonly PlannedFault[] };
  /** … or what must be wrong in the report of this scenario, … */
  scenario?: { name: string; isWrong: (report: ScenarioReport) => boolean };
  /** … or the test that must fail. */
  test?: { file: string; name: string };
};

const postgresDies: PlannedFault[] = [2_000, 5_000, 8_000].map((atMs) => ({
  atMs,
  kind: 'kill',
  process: 'postgres',
  restartAfterMs: 500,
}));

/** By the invariant that each of them breaks. */
export const BREAKS: Readonly<Record<string, Break>> = {
  I1: {
    what: 'an order whose transaction failed is acknowledged all the same',
    edits: [
      {
        file: 'packages/db/src/accept-jobs.ts',
        find: "return { outcome: 'already-live' };\n      throw error;",
        replace:
          "return { outcome: 'already-live' };\n      return { outcome: 'accepted', jobId: request.jobId, eventNumber: '1', at: new Date() };",
      },
      // Transactions that begin late: else hardly one is under way in the moment in which Postgres dies.
      {
        file: 'packages/db/src/accept-jobs.ts',
        find: 'const answers = await acceptBatch(',
        replace: 'await setTimeout(1_000);\n      const answers = await acceptBatch(',
      },
    ],
    run: { finds: 'I1', faults: postgresDies },
  },
  I2: {
    what: 'every call that asks may claim',
    edits: [
      {
        file: 'packages/db/src/claims.ts',
        find: `    AND (a."claimedCallId" IS NULL OR a."claimedCallId" = req."callId")\n  RETURNING`,
        replace: '  RETURNING',
      },
    ],
    run: {
      finds: 'I2',
      faults: [
        {
          atMs: 0,
          kind: 'gpu',
          change: { startMs: 2_500, submitFaults: [{ answer: 'acceptThenError', probability: 0.5 }] },
          forMs: 12_000,
        },
      ],
    },
  },
  I3: {
    what: 'what a job did not use up is not released in the ledger',
    edits: [
      {
        file: 'packages/db/src/job-moves.ts',
        find: `WHERE final AND "holdMicroUsd" > "costMicroUsd"\``,
        replace: 'WHERE false`',
      },
    ],
    run: { finds: 'I3', faults: [] },
  },
  I4: {
    what: 'a budget has no limit',
    edits: [{ file: 'packages/db/src/accept-jobs.ts', find: 'a.used + f.wanted <= a.budget', replace: 'true' }],
    scenario: { name: 'r8-small', isWrong: ({ over }) => Number(over) > 0 },
  },
  I5: {
    what: 'an idempotency key is stored under another name',
    edits: [
      {
        file: 'packages/db/src/accept-jobs.ts',
        find: 'SELECT "userId", procedure, key, "bodyHash", "jobId" FROM fits',
        replace: 'SELECT "userId", procedure, key || "jobId"::text, "bodyHash", "jobId" FROM fits',
      },
    ],
    run: { finds: 'I5', faults: [] },
  },
  I6: {
    what: 'a job that has ended can be cancelled',
    edits: [
      {
        file: 'packages/core/src/jobs/cancel-job.ts',
        find: "if (!verdict.allowed) throw new AppError('STATE_CONFLICT', verdict.reason);",
        replace: 'void verdict;',
      },
      {
        file: 'packages/db/src/job-moves.ts',
        find: 'WHERE j.attempt = mv.attempt AND j.state = ANY (mv."from") ORDER BY',
        replace: 'WHERE j.attempt = mv.attempt ORDER BY',
      },
      {
        file: 'packages/db/src/job-moves.ts',
        find: 'j.attempt = mv.attempt AND j.state = ANY (mv."from")\n  RETURNING',
        replace: 'j.attempt = mv.attempt\n  RETURNING',
      },
      {
        // Its key would hold a second end up.
        file: 'packages/db/src/job-moves.ts',
        find: '"UnsweptJob" ("jobId") SELECT id FROM moved WHERE final',
        replace: '"UnsweptJob" ("jobId") SELECT id FROM moved WHERE final ON CONFLICT DO NOTHING',
      },
    ],
    run: { finds: 'I6', faults: [] },
  },
  I7: {
    what: 'what a GPU call returned is not read',
    edits: [
      {
        file: 'packages/core/src/jobs/reconcile.ts',
        find: 'if (event.jobId !== job.jobId || !isDurable(event)) return false;',
        replace: 'if (event.jobId === job.jobId || !isDurable(event)) return false;',
      },
    ],
    scenario: { name: 'r6-small', isWrong: ({ jobs, succeeded }) => Number(succeeded) < Number(jobs) },
  },
  I8: {
    what: 'nothing is put on the queues again from Postgres',
    edits: [
      {
        file: 'packages/core/src/jobs/reconcile.ts',
        find: 'if (mark !== null) return false;',
        replace: 'return false;',
      },
      {
        file: 'packages/core/src/jobs/reconcile.ts',
        find: "if (job.state === 'queued') {",
        replace: "if (job.state === 'queued' || job.submittedCallIds.length === 0) {\n    return;",
      },
    ],
    run: {
      finds: 'I1',
      faults: [
        // Every GPU is busy: jobs are on the queues when those are lost.
        { atMs: 0, kind: 'gpu', change: { capacity: 0 }, forMs: 8_000 },
        { atMs: 6_000, kind: 'flush' },
      ],
    },
  },
  I9: {
    what: 'an idle connection that breaks ends the process',
    edits: [
      {
        file: 'packages/core/src/connect.ts',
        find: "onError: (error) => log.warn({ err: error }, 'an idle database connection ended'),",
        replace: 'onError: (error) => { throw error; },',
      },
    ],
    run: { finds: 'I9', faults: postgresDies },
  },
  I10: {
    what: 'an image is stored under a key that it was not written to',
    edits: [
      {
        file: 'packages/core/src/jobs/apply-events.ts',
        find: "state: 'ready', failureCode: null, width, height, storageKey: key,",
        replace: "state: 'ready', failureCode: null, width, height, storageKey: key + '.png',",
      },
    ],
    run: { finds: 'I10', faults: [] },
  },
  I11: {
    what: 'an erasure leaves some kinds of objects in the store',
    edits: [
      {
        file: 'packages/core/src/erasure/run-erasure.ts',
        find: "if (kind === 'account') return keys.ofUser(userId);",
        replace: "if (kind === 'account') return keys.ofUser(userId).slice(0, 1);",
      },
    ],
    test: { file: 'tools/integration/erasure.test.ts', name: 'within a minute, with two hundred objects' },
  },
  I12: {
    what: 'a worker that is told to stop drops what it has in hand',
    edits: [
      {
        file: 'apps/worker/src/main.ts',
        find: "process.on('SIGTERM', stop);",
        replace: "process.on('SIGTERM', () => process.exit(1));",
      },
    ],
    run: { finds: 'I12', faults: [{ atMs: 3_000, kind: 'terminate', process: 'worker-1', restartAfterMs: 200 }] },
  },
  I13: {
    what: 'how long a GPU was silent is told by two clocks, and counts though nobody could hear',
    edits: [
      {
        file: 'packages/core/src/jobs/silence.ts',
        find: 'now - last.heardAtMs',
        replace: 'Date.now() - Date.parse(last.at)',
      },
      {
        file: 'packages/core/src/jobs/silence.ts',
        find: 'isHeard ? Math.min(heardMs ?? inStateMs, now - since) : null',
        replace: 'heardMs',
      },
    ],
    test: { file: 'tools/integration/clock-skew.test.ts', name: 'by -4 min' },
  },
  I14: {
    what: 'a full disk is taken for a fault of the program',
    edits: [{ file: 'packages/db/src/faults.ts', find: '/^(08|53)[0-9A-Z]{3}$|', replace: '/^(08)[0-9A-Z]{3}$|' }],
    scenario: { name: 'i14', isWrong: ({ databaseAnswers }) => String(databaseAnswers).includes('500') },
  },
  I15: {
    what: 'a connection that breaks in the middle of a transaction ends the process',
    edits: [
      {
        file: 'packages/db/src/client.ts',
        find: "pool.on('connect', (client) => client.on('error', () => undefined));",
        replace: '',
      },
    ],
    run: {
      finds: 'I9',
      faults: [
        // Without its Redis the API leaves its orders to the relays, whose transactions last as long as a slow Redis does.
        { atMs: 0, kind: 'link', link: 'api>valkey', fault: { kind: 'reset' }, forMs: 12_000 },
        ...(['worker-1', 'worker-2'] as const).flatMap((name): PlannedFault[] => [
          { atMs: 0, kind: 'link', link: `${name}>valkey`, fault: { kind: 'latency', ms: 250 }, forMs: 12_000 },
          ...Array.from({ length: 14 }, (_, index): PlannedFault => {
            const atMs = 500 + index * 800;
            return { atMs, kind: 'link', link: `${name}>postgres`, fault: { kind: 'reset' }, forMs: 50 };
          }),
        ]),
      ],
    },
  },
  I16: {
    what: 'a GPU call may start again without end',
    edits: [{ file: 'packages/db/src/claims.ts', find: 'AND a."claimEpoch" < ', replace: 'AND 0 < ' }],
    scenario: { name: 'i16', isWrong: ({ starts }) => Number(starts) > 3 },
  },
};
