import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit, linkAudit, verifyAudit } from './audit.ts';
import { requestErasure } from './erasures.ts';
import { createOwner, createTestDb, type TestDb } from './testing.ts';

let db: TestDb;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ db, drop } = await createTestDb());
});
afterAll(() => drop());

/** `count` linked entries about one person. */
async function write(count: number): Promise<string> {
  const { userId } = await createOwner(db);
  for (let n = 0; n < count; n += 1) {
    await appendAudit(db.prisma, { action: 'sign-in', actorId: userId, subjectId: userId, detail: { n } });
  }
  await linkAudit(db.pool);
  return userId;
}
const kinds = async (known?: Parameters<typeof verifyAudit>[1]) =>
  (await verifyAudit(db.url, known)).findings.map(({ kind }) => kind);

/** What nobody but a superuser who switches the triggers off can do; undone afterwards. */
async function tamper(sql: string, check: () => Promise<void>): Promise<void> {
  const pool = db.openPool('session_replication_role=replica');
  const client = await pool.connect();
  const tables = ['AuditEntry', 'AuditLink', 'AuditUnlinked'];
  try {
    for (const table of tables) await client.query(`CREATE TABLE "kept_${table}" AS TABLE "${table}"`);
    await client.query(sql);
    await check();
    for (const table of tables) {
      await client.query(`DELETE FROM "${table}"`);
      await client.query(`INSERT INTO "${table}" TABLE "kept_${table}"`);
      await client.query(`DROP TABLE "kept_${table}"`);
    }
  } finally {
    client.release();
  }
}

describe('the audit log', () => {
  it.each(['AuditEntry', 'AuditLink'])('refuses to change, remove or empty %s', async (table) => {
    await write(1);
    for (const sql of [
      `UPDATE "${table}" SET at = now()`,
      `DELETE FROM "${table}"`,
      `DELETE FROM "${table}" WHERE false`,
      `TRUNCATE "${table}" CASCADE`,
    ]) {
      await expect(db.pool.query(sql), sql).rejects.toThrow(/takes no/);
    }
  });

  it('is written in the transaction of what it records, or not at all', async () => {
    const { userId } = await createOwner(db);
    const before = await db.prisma.auditEntry.count();
    const undone = db.prisma.$transaction(async (tx) => {
      await appendAudit(tx, { action: 'sign-in', actorId: userId, subjectId: userId });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await db.prisma.auditEntry.count()).toBe(before);
  });

  it('tells of roles and states whoever changes them, also a hand at the database', async () => {
    const { userId } = await createOwner(db);
    await db.pool.query(`UPDATE "User" SET role = 'admin', status = 'suspended' WHERE id = $1`, [userId]);
    const { pseudonym } = await db.prisma.user.findUniqueOrThrow({ where: { id: userId } });
    const entries = await db.prisma.auditEntry.findMany({ where: { subject: pseudonym }, orderBy: { id: 'asc' } });
    expect(entries.map(({ action, detail }) => [action, detail])).toEqual([
      ['role.changed', { from: 'member', to: 'admin' }],
      ['status.changed', { from: 'active', to: 'suspended' }],
    ]);
  });

  it('holds no id of a person: without the account nothing leads from an entry to anybody', async () => {
    const userId = await write(2);
    const rows = await db.pool.query<{ hits: string }>(
      `SELECT count(*) AS hits FROM "AuditEntry" e WHERE e::text LIKE '%' || $1 || '%'`,
      [userId],
    );
    expect(rows.rows[0]?.hits).toBe('0');
  });
});

describe('the chain', () => {
  it('links every entry once, also when several processes link at once', async () => {
    const { userId } = await createOwner(db);
    await Promise.all(
      Array.from({ length: 200 }, () =>
        appendAudit(db.prisma, { action: 'sign-in', actorId: userId, subjectId: userId }),
      ),
    );
    await Promise.all(Array.from({ length: 4 }, () => linkAudit(db.pool, 70)));
    await linkAudit(db.pool);
    const verdict = await verifyAudit(db.url);
    expect(verdict).toMatchObject({ waiting: 0, findings: [], links: await db.prisma.auditEntry.count() });
  });

  it('still verifies after the account is erased that its entries are about', async () => {
    const userId = await write(3);
    const { pseudonym } = await db.prisma.user.findUniqueOrThrow({ where: { id: userId } });
    await requestErasure(db, { kind: 'account', userId, targetId: userId, requestedBy: 'owner', codeHash: newId() });
    await db.prisma.user.delete({ where: { id: userId } });
    await linkAudit(db.pool);
    expect(await kinds()).toEqual([]);
    expect(await db.prisma.auditEntry.count({ where: { subject: pseudonym } })).toBeGreaterThan(3);
  });

  it.each<[string, string, string]>([
    ['an entry that says something else', `UPDATE "AuditEntry" SET detail = '{"n": 7}' WHERE id = $id`, 'hash-differs'],
    [
      'an entry about somebody else',
      `UPDATE "AuditEntry" SET actor = gen_random_uuid() WHERE id = $id`,
      'hash-differs',
    ],
    ['an entry of another time', `UPDATE "AuditEntry" SET at = at - interval '1 hour' WHERE id = $id`, 'hash-differs'],
    ['an entry that is gone', `DELETE FROM "AuditEntry" WHERE id = $id`, 'entry-missing'],
    ['a link that is gone', `DELETE FROM "AuditLink" WHERE "entryId" = $id`, 'number-missing'],
    [
      'an entry that came in by the back door',
      `INSERT INTO "AuditEntry" (action) VALUES ('sign-in')`,
      'entry-unlinked',
    ],
  ])('shows %s', async (_, sql, kind) => {
    await write(5);
    const rows = await db.prisma.auditEntry.findMany({ orderBy: { id: 'desc' }, take: 3 });
    await tamper(sql.replace('$id', String(rows.at(-1)?.id)), async () => {
      expect(await kinds()).toContain(kind);
    });
    expect(await kinds()).toEqual([]);
  });

  it('shows, by a head that was kept outside, that its end was cut off or written anew', async () => {
    await write(5);
    const { head } = await verifyAudit(db.url);
    expect(head).not.toBeNull();
    if (!head) return;
    await write(2);
    expect(await kinds({ head })).toEqual([]);
    const cut = `DELETE FROM "AuditLink" WHERE number >= ${head.number - 1};
      DELETE FROM "AuditEntry" e WHERE NOT EXISTS (SELECT 1 FROM "AuditLink" l WHERE l."entryId" = e.id)`;
    await tamper(cut, async () => {
      expect(await kinds()).toEqual([]);
      expect(await kinds({ head })).toEqual(['head-differs']);
    });
    expect(await kinds({ head: { ...head, hash: '0'.repeat(64) } })).toEqual(['head-differs']);
  });
});
