import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  countSignInTry,
  createFirstAdmin,
  createLocalUser,
  forgetSignInTries,
  insertInvite,
} from './local-accounts.ts';
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

describe('guesses', () => {
  const LIMIT = { tries: 10, triesOverall: 25, restMs: 60_000 };
  const start = async () => {
    const person = await createLocalUser(db, user(), null);
    const id = person?.id ?? '';
    const from = async (network: string, count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => countSignInTry(db, id, network, LIMIT)));
      return answers.filter(Boolean).length;
    };
    return { id, from };
  };
  const endRests = () => db.prisma.$executeRaw`UPDATE "CallCount" SET expire = 0 WHERE key LIKE 'sign-in:%'`;

  it('of 50 at the same moment from one network ten are looked at, and ten more when the rest is over', async () => {
    const { from } = await start();
    expect(await from('a', 50)).toBe(10);
    await endRests();
    expect(await from('a', 50)).toBe(10);
  });

  it('from one network keep nobody out who signs in from another, and all together have an end', async () => {
    const { id, from } = await start();
    expect(await from('stranger', 500)).toBe(10);
    expect(await from('owner', 1)).toBe(1);
    await forgetSignInTries(db, id, 'owner', 60_000);
    let guesses = 0;
    for (const network of ['b', 'c', 'd', 'e']) guesses += await from(network, 20);
    expect(guesses).toBe(LIMIT.triesOverall);
    // A network that the account does not know waits; the one from which its person signed in does not.
    expect([await from('f', 1), await from('owner', 1)]).toEqual([0, 1]);
    // Ten tries there are ten tries there too.
    expect(await from('owner', 20)).toBe(9);
    await db.prisma.credential.updateMany({ where: { userId: id }, data: { lockedUntil: new Date(0) } });
    expect(await from('f', 1)).toBe(1);
  });

  it('are forgotten with the right password, and the network is known for so long', async () => {
    const { id, from } = await start();
    expect(await from('a', 9)).toBe(9);
    await forgetSignInTries(db, id, 'a', -1);
    expect(await from('a', 20)).toBe(10);
    for (const network of ['b', 'c']) await from(network, 10);
    await endRests();
    expect(await from('a', 1)).toBe(0);
  });
});
