import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createOwner, createTestDb, type TestDb } from '@pixgen/db/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

let db: TestDb;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ db, drop } = await createTestDb(2));
});
afterAll(() => drop());

function audit(): Promise<{ code: number; lines: string[] }> {
  const script = fileURLToPath(new URL('./audit-ledger.ts', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { env: { DATABASE_URL: db.url } }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trim().split('\n') }),
    );
  });
}

it('exits 0 while the money adds up, and 1 with the name of each finding when it does not', async () => {
  const { userId } = await createOwner(db);
  expect(await audit()).toEqual({ code: 0, lines: ['{"jobs":0,"entries":0,"findings":0}'] });
  await db.prisma.user.update({ where: { id: userId }, data: { spentMicroUsd: 7n } });
  expect(await audit()).toEqual({
    code: 1,
    lines: [`spent-differs: user ${userId}: expected 7, found 0`, '{"jobs":0,"entries":0,"findings":1}'],
  });
});
