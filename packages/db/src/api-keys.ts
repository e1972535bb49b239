/** API keys: only their hash is kept. */
import { newId } from '@pixgen/domain';
import { appendAudit } from './audit.ts';
import { createBatcher } from './batch.ts';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';

export type ApiKeyRow = Prisma.ApiKeyGetPayload<Record<string, never>>;
export type ApiKeyOwner = { userId: string; role: string; status: string };

type OwnerRow = ApiKeyOwner & { keyId: string; secretHash: string; stale: boolean };

const FIND_OWNERS = `
SELECT k.id AS "keyId", k."secretHash", u.id AS "userId", u.role, u.status,
  (k."lastUsedAt" IS NULL OR k."lastUsedAt" < now() - interval '1 minute') AS stale
FROM "ApiKey" k JOIN "User" u ON u.id = k."userId" WHERE k."secretHash" = ANY ($1::text[]) AND k."revokedAt" IS NULL`;

/**
 * Reads whom a key belongs to; concurrent requests share a query. The time of last use is kept to the minute, so that a
 * busy program does not write once per call.
 */
export function createApiKeyOwnerLookup(db: Db) {
  return createBatcher<string, ApiKeyOwner | null>(
    async (hashes) => {
      const found = await db.pool.query<OwnerRow>({ name: 'find-api-key-owners', text: FIND_OWNERS, values: [hashes] });
      const stale = found.rows.filter((row) => row.stale).map((row) => row.keyId);
      if (stale.length > 0) {
        await db.pool.query('UPDATE "ApiKey" SET "lastUsedAt" = now() WHERE id = ANY ($1::uuid[])', [stale]);
      }
      const owners = new Map(found.rows.map((row) => [row.secretHash, row]));
      return hashes.map((hash) => owners.get(hash) ?? null);
    },
    { maxBatch: 200, maxInFlight: 2 },
  );
}

/** @returns null when the person has `limit` live keys already */
export async function insertApiKey(
  db: Db,
  key: { userId: string; name: string; prefix: string; secretHash: string },
  limit: number,
): Promise<ApiKeyRow | null> {
  return db.prisma.$transaction(async (tx) => {
    // The row lock makes parallel calls of one person count one after the other.
    await tx.$queryRaw`SELECT 1 FROM "User" WHERE id = ${key.userId}::uuid FOR UPDATE`;
    if ((await tx.apiKey.count({ where: { userId: key.userId, revokedAt: null } })) >= limit) return null;
    const made = await tx.apiKey.create({ data: { id: newId(), ...key } });
    const detail = { keyId: made.id };
    await appendAudit(tx, { action: 'api-key.made', actorId: key.userId, subjectId: key.userId, detail });
    return made;
  });
}

/** Live keys, newest first. */
export async function listApiKeys(db: Db, userId: string, limit: number): Promise<ApiKeyRow[]> {
  return db.prisma.apiKey.findMany({ where: { userId, revokedAt: null }, orderBy: { id: 'desc' }, take: limit });
}

/** @returns null when the person has no such key; revoking twice is not an error */
export async function revokeApiKey(db: Db, userId: string, id: string): Promise<ApiKeyRow | null> {
  return db.prisma.$transaction(async (tx) => {
    const data = { revokedAt: new Date() };
    const { count } = await tx.apiKey.updateMany({ where: { id, userId, revokedAt: null }, data });
    if (count === 1) {
      await appendAudit(tx, { action: 'api-key.revoked', actorId: userId, subjectId: userId, detail: { keyId: id } });
    }
    return tx.apiKey.findFirst({ where: { id, userId } });
  });
}
