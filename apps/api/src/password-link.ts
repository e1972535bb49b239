/**
 * `node apps/api/src/password-link.ts ADDRESS`: prints a one-time token that sets a new password for the account with this
 * e-mail address as JSON, or that there is none. For the administrator who forgot theirs; others ask an administrator.
 */
import { issuePasswordLink } from '@pixgen/core';
import { connectDb } from '@pixgen/db';

const url = process.env.DATABASE_URL;
const [address] = process.argv.slice(2);
if (!url || !address) {
  process.stderr.write(url ? 'usage: password-link.ts ADDRESS\n' : 'DATABASE_URL is missing\n');
  process.exit(1);
}
const db = connectDb({ url, poolSize: 1, onError: () => {} });
const link = await issuePasswordLink({ db }, address.toLowerCase());
const answer = link
  ? { token: link.code, expiresAt: link.expiresAt }
  : { token: null, reason: 'Nobody with a password has this address.' };
process.stdout.write(`${JSON.stringify(answer)}\n`);
await db.close();
