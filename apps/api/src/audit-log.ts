/**
 * `pnpm audit-log verify [--head NUMBER:HASH] [--receipt FILE]`, or `node src/audit-log.ts verify` in the API's image: hashes
 * the audit log again. Reads `DATABASE_URL`. Prints one line per finding and a last line of JSON with the head of the chain,
 * to be kept outside and given as `--head` the next time; exits 1 when there are findings. `--receipt` also asks whether the
 * log knows the receipt of an erasure.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type AuditHead, hashReceipt, linkAudit, openPool, verifyAudit } from '@pixgen/db';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { head: { type: 'string' }, receipt: { type: 'string' } },
  });
  if (positionals.join(' ') !== 'verify')
    throw new Error('usage: audit-log verify [--head NUMBER:HASH] [--receipt FILE]');
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL is missing.');
  // What was written a moment ago counts too, whether or not a worker runs.
  const pool = openPool(url);
  try {
    while ((await linkAudit(pool)) > 0);
  } finally {
    await pool.end();
  }
  const known = {
    ...(values.head !== undefined && { head: parseHead(values.head) }),
    ...(values.receipt !== undefined && { receiptSha256: hashReceipt(readReceipt(values.receipt)) }),
  };
  const { links, waiting, head, findings } = await verifyAudit(url, known);
  for (const { kind, number } of findings) process.stdout.write(`${kind}: ${number}\n`);
  process.stdout.write(
    `${JSON.stringify({ links, waiting, head: head && `${head.number}:${head.hash}`, findings: findings.length })}\n`,
  );
  process.exitCode = findings.length > 0 ? 1 : 0;
}

function parseHead(text: string): AuditHead {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(text);
  if (!match) throw new Error('--head wants NUMBER:HASH, as an earlier run printed it.');
  return { number: Number(match[1]), hash: match[2] ?? '' };
}

/** The receipt alone, or the file that the page saves it in. */
function readReceipt(path: string): object {
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof file !== 'object' || file === null) throw new Error(`${path} holds no receipt.`);
  return 'receipt' in file && typeof file.receipt === 'object' && file.receipt !== null ? file.receipt : file;
}

main().catch((error: Error) => {
  process.stderr.write(`The audit log could not be read: ${error.message}\n`);
  process.exit(2);
});
