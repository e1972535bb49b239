const ACCEPT_TESTS = 'packages/db/src/accept-jobs.test.ts';
const MOVE_TESTS = 'packages/db/src/job-moves.test.ts';
const CLAIM_TESTS = 'packages/db/src/claims.test.ts';
const WAIT_TESTS = 'packages/db/src/waiting-jobs.test.ts';
const LEDGER_TESTS = 'packages/core/src/jobs/ledger.test.ts';
/** What is broken, and the tests that guard it, the fastest first. */
export const GUARDED: Record<string, readonly string[]> = {
  'packages/core/src/jobs/webhook-signature.ts': ['packages/core/src/jobs/webhook-signature.test.ts'],
  'packages/domain/src/job-state.ts': ['packages/domain/src/job-state.test.ts'],
  'packages/db/src/job-moves.ts': [MOVE_TESTS, WAIT_TESTS, ACCEPT_TESTS, CLAIM_TESTS, LEDGER_TESTS],
  'packages/db/src/accept-jobs.ts': [
    ACCEPT_TESTS,
    WAIT_TESTS,
    MOVE_TESTS,
    LEDGER_TESTS,
    'apps/api/src/idempotency.test.ts',
  ],
  'packages/db/src/claims.ts': [CLAIM_TESTS, WAIT_TESTS, MOVE_TESTS, ACCEPT_TESTS, 'packages/db/src/gpu-inbox.test.ts'],
  'packages/db/src/outbox.ts': ['packages/db/src/outbox.test.ts'],
  'packages/db/src/ledger.ts': ['packages/db/src/ledger.test.ts', LEDGER_TESTS],
  'packages/core/src/jobs/next-move.ts': [
    'packages/core/src/jobs/next-move.test.ts',
    'packages/core/src/jobs/reconcile.test.ts',
    'packages/core/src/jobs/apply-events.test.ts',
  ],
};
