import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countSignInTry, createFirstAdmin, createLocalUser, insertInvite } from './local-accounts.ts';
import { createTestDb, type TestDb } from './testing.ts';

let db: TestDb;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ db, drop } = await createTestDb(25));
  // Connections that stand already, so that the calls below truly meet.
  await Promise.all(Array.from({ length: 25 }, () => db.pool.query('SELECT pg_sleep(0.05)')));
});
afterAll(() => drop());

const user = () => ({
  email: `${randomUUID()}@example.test`,
  displayName: 'x',
  passwordHash: 'x',
  budgetLimitMicroUsd: null,
});
const inAnHour = () => new Date(Date.now() + 3_600_000);
const made = (rows: unknown[]) => rows.filter((row) => row !== null).length;

it('of 20 set-ups at the same moment, with two links that are both good, one makes the admin', async () => {
  const links = ['link-a', 'link-b'];
  await db.prisma.invite.createMany({
    data: links.map((codeHash) => ({ codeHash, kind: 'set-up', expiresAt: inAnHour() })),
  });
  const calls = Array.from({ length: 20 }, (_, index) => createFirstAdmin(db, user(), links[index % 2] ?? ''));
  expect(made(await Promise.all(calls))).toBe(1);
  expect(await db.prisma.user.count({ where: { role: 'admin' } })).toBe(1);
});

it('of 20 sign-ups at the same moment with one invitation, one makes an account', async () => {
  await insertInvite(db, { codeHash: 'invite', kind: 'invite', createdBy: null, expiresAt: inAnHour() });
  expect(made(await Promise.all(Array.from({ length: 20 }, () => createLocalUser(db, user(), 'invite'))))).toBe(1);
});

it('an invitation is no set-up link, and an old one is none at all', async () => {
  await insertInvite(db, { codeHash: 'late', kind: 'invite', createdBy: null, expiresAt: new Date(Date.now() - 1) });
  await insertInvite(db, { codeHash: 'other', kind: 'invite', createdBy: null, expiresAt: inAnHour() });
  expect(await createLocalUser(db, user(), 'late')).toBeNull();
  expect(await createFirstAdmin(db, user(), 'other')).toBeNull();
});

it('of 50 guesses at the same moment ten are looked at, and ten more when the rest is over', async () => {
  const person = await createLocalUser(db, user(), null);
  const guess = () => countSignInTry(db, person?.id ?? '', { tries: 10, restMs: 60_000 });
  const allowed = (answers: boolean[]) => answers.filter(Boolean).length;
  expect(allowed(await Promise.all(Array.from({ length: 50 }, guess)))).toBe(10);
  await db.prisma.credential.updateMany({ data: { lockedUntil: new Date(0) } });
  expect(allowed(await Promise.all(Array.from({ length: 50 }, guess)))).toBe(10);
});
