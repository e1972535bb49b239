const STORE_TESTS = 'packages/db/src/job-store.test.ts';
const LEDGER_TESTS = 'packages/core/src/jobs/ledger.test.ts';
/** What is broken, and the tests that guard it, the fastest first. */
export const GUARDED: Record<string, readonly string[]> = {
  'packages/core/src/jobs/webhook-signature.ts': ['packages/core/src/jobs/webhook-signature.test.ts'],
  'packages/domain/src/job-state.ts': ['packages/domain/src/job-state.test.ts'],
  'packages/db/src/job-moves.ts': [STORE_TESTS, LEDGER_TESTS],
  'packages/db/src/accept-jobs.ts': [STORE_TESTS, LEDGER_TESTS, 'apps/api/src/idempotency.test.ts'],
  'packages/db/src/claims.ts': [STORE_TESTS],
  'packages/db/src/outbox.ts': ['packages/db/src/outbox.test.ts'],
};
