import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appendAudit, appendPseudonymousAudit, hashReceipt } from '@pixgen/db';
import { createOwner, createTestDb, type TestDb } from '@pixgen/db/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

let db: TestDb;
let drop: () => Promise<void>;
const folder = mkdtempSync(join(tmpdir(), 'pixgen-audit-log-'));
beforeAll(async () => {
  ({ db, drop } = await createTestDb(2));
});
afterAll(async () => {
  await drop();
  rmSync(folder, { recursive: true, force: true });
});

function verify(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const script = fileURLToPath(new URL('./audit-log.ts', import.meta.url));
  return new Promise((resolve) => {
    const env = { DATABASE_URL: db.url };
    execFile(process.execPath, [script, 'verify', ...args], { env }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trim().split('\n') }),
    );
  });
}
const last = (lines: string[]) => JSON.parse(lines.at(-1) ?? '{}') as { links: number; head: string; findings: number };

it('exits 0 with the head of the chain while it holds, and 1 with the name of each finding when it does not', async () => {
  const { userId } = await createOwner(db);
  const write = () => appendAudit(db.prisma, { action: 'sign-in', actorId: userId, subjectId: userId });
  await write();
  const first = await verify();
  expect(first.code).toBe(0);
  expect(last(first.lines)).toMatchObject({ links: 1, findings: 0 });
  const { head } = last(first.lines);
  await write();
  expect(await verify('--head', head)).toMatchObject({ code: 0 });
  expect(await verify('--head', `1:${'0'.repeat(64)}`)).toMatchObject({
    code: 1,
    lines: ['head-differs: 1', expect.anything()],
  });
  await db.pool.query(`BEGIN; SET LOCAL session_replication_role = 'replica';
    UPDATE "AuditEntry" SET action = 'sign-out' WHERE id = (SELECT min(id) FROM "AuditEntry"); COMMIT`);
  expect(await verify()).toMatchObject({ code: 1, lines: ['hash-differs: 1', expect.anything()] });
});

it('knows the receipt of an erasure, alone or in the file that the page saves, and no other', async () => {
  const receipt = { version: 1, id: 'x', counts: { photos: 1 } };
  const detail = { receiptSha256: hashReceipt(receipt) };
  await appendPseudonymousAudit(db.pool, { action: 'erase.done', actor: null, subject: null, detail });
  const file = (name: string, content: object) => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  const unknown = 'receipt-unknown: 0';
  expect((await verify('--receipt', file('a.json', receipt))).lines).not.toContain(unknown);
  expect((await verify('--receipt', file('b.json', { receipt, more: 1 }))).lines).not.toContain(unknown);
  expect((await verify('--receipt', file('c.json', { ...receipt, id: 'y' }))).lines).toContain(unknown);
});
