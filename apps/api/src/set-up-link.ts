/** `node apps/api/src/set-up-link.ts`: prints a fresh one-time token for the first admin as JSON, or that one exists. */
import { issueSetUpLink } from '@pixgen/core';
import { connectDb } from '@pixgen/db';

const url = process.env.DATABASE_URL;
if (!url) {
  process.stderr.write('DATABASE_URL is missing\n');
  process.exit(1);
}
const db = connectDb({ url, poolSize: 1, onError: () => {} });
const link = await issueSetUpLink({ db });
process.stdout.write(`${JSON.stringify(link ?? { token: null, reason: 'There is an admin already.' })}\n`);
await db.close();
