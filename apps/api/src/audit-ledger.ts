/**
 * `pnpm audit-ledger`, or `node src/audit-ledger.ts` in the API's image: checks that the money of every job and person adds
 * up. Reads `DATABASE_URL`. Prints one line per finding and a last line of JSON; exits 1 when there are findings.
 */
import { auditLedger } from '@pixgen/db';

async function main(): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL is missing.');
  const { jobs, entries, findings } = await auditLedger(url);
  for (const { kind, userId, jobId, expectedMicroUsd, foundMicroUsd } of findings) {
    const what = jobId === null ? `user ${userId}` : `job ${jobId} of user ${userId}`;
    process.stdout.write(`${kind}: ${what}: expected ${expectedMicroUsd}, found ${foundMicroUsd}\n`);
  }
  process.stdout.write(`${JSON.stringify({ jobs, entries, findings: findings.length })}\n`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

main().catch((error: Error) => {
  process.stderr.write(`The ledger could not be read: ${error.message}\n`);
  process.exit(2);
});
