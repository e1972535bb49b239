/** The people of the access matrix, and how to see whether anything of one of them was touched. */
import { randomUUID } from 'node:crypto';
import { createWorld as createWorldOf, type World } from '@pixgen/core/testing-world';
import type { TestApi } from './testing.ts';

/** `otherKey` and `adminKey`: programs with an API key of the one and of the other. */
export const IDENTITIES = ['anonymous', 'banned', 'other', 'otherKey', 'admin', 'adminKey', 'owner'] as const;
export type { World };
export type Identity = (typeof IDENTITIES)[number];

/** One person for each identity; `anonymous` has no headers. */
export async function createPeople(api: TestApi) {
  const { prisma } = api.db;
  const [owner, other, banned, admin] = await Promise.all([api.signUp(), api.signUp(), api.signUp(), api.signUp()]);
  await prisma.user.update({ where: { id: banned.userId }, data: { status: 'suspended' } });
  await prisma.user.update({ where: { id: admin.userId }, data: { role: 'admin' } });
  const email = `canary-${randomUUID()}@example.test`;
  await prisma.user.update({ where: { id: owner.userId }, data: { displayName: 'Canary Owner', email } });
  const keyOf = async (session: Record<string, string>) => {
    const answer = await api.post('/trpc/account.createApiKey', { name: 'a program' }, session);
    const { result } = (await answer.json()) as { result: { data: { secret: string } } };
    return { authorization: `Bearer ${result.data.secret}` };
  };
  const headers: Record<Identity, Record<string, string>> = {
    anonymous: {},
    banned: banned.headers,
    other: other.headers,
    otherKey: await keyOf(other.headers),
    admin: admin.headers,
    adminKey: await keyOf(admin.headers),
    owner: owner.headers,
  };
  return { owner, ownerEmail: email, headers };
}

export function createWorld(api: TestApi, userId: string): Promise<World> {
  return createWorldOf({ db: api.db, storage: api.services.deps.storage }, userId);
}

/** A hash over every row of a person in every table that names one; equal hashes mean that nothing was touched. */
export async function fingerprint(api: TestApi, userId: string): Promise<string> {
  const { rows: tables } = await api.db.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'userId' ORDER BY table_name`,
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await api.db.pool.query<{ rows: string }>(
      `SELECT COALESCE(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS rows FROM "${name}" t WHERE "userId" = $1`,
      [userId],
    );
    parts.push(`${name}:${rows[0]?.rows ?? ''}`);
  }
  return parts.join('\n');
}
