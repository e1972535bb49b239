/** What the database says of objects: which must be there, and which belong to nothing. */
import type { Db } from './client.ts';

/** Every person, in batches. */
export async function* readUserIds(db: Pick<Db, 'pool'>): AsyncGenerator<string> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const { rows } = await db.pool.query<{ id: string }>('SELECT id FROM "User" WHERE id > $1 ORDER BY id LIMIT 500', [
      after,
    ]);
    for (const { id } of rows) yield id;
    if (rows.length < 500) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/** A row that says that an object is there. */
export type Expected = { kind: 'photo' | 'image' | 'weights'; id: string; modelId: string; storageKey: string | null };

/** Rows of a person that stand for objects. A photo's key is made from its ids. */
export async function readExpectedObjects(db: Pick<Db, 'pool'>, userId: string): Promise<Expected[]> {
  const { rows } = await db.pool.query<Expected>(
    `SELECT 'photo' AS kind, id, "modelId", NULL AS "storageKey" FROM "Photo" WHERE "userId" = $1 AND state = 'ready'
     UNION ALL SELECT 'image', id, "modelId", "storageKey" FROM "Image" WHERE "userId" = $1 AND state = 'ready'
     UNION ALL SELECT 'weights', id, "modelId", "storageKey" FROM "Weights" WHERE "userId" = $1 AND NOT lost`,
    [userId],
  );
  return rows;
}

/** Those of the ids that a row of this person exists for. Ids are unique over all tables. */
export async function findOwners(
  db: Pick<Db, 'pool'>,
  userId: string,
  ids: { photos: string[]; jobs: string[]; exports: string[]; operations: string[] },
): Promise<Set<string>> {
  const { rows } = await db.pool.query<{ id: string }>(
    `SELECT id FROM "Photo" WHERE "userId" = $1 AND id = ANY ($2::uuid[])
     UNION ALL SELECT id FROM "Job" WHERE "userId" = $1 AND id = ANY ($3::uuid[])
     UNION ALL SELECT id FROM "DataExport" WHERE "userId" = $1 AND id = ANY ($4::uuid[])
     UNION ALL SELECT id FROM "BulkOperation" WHERE "userId" = $1 AND id = ANY ($5::uuid[])`,
    [userId, ids.photos, ids.jobs, ids.exports, ids.operations],
  );
  return new Set(rows.map(({ id }) => id));
}

/** An object is gone: what stood for it says so. Repeating it changes nothing. */
export async function markLost(db: Db, lost: Expected): Promise<void> {
  const { id, modelId } = lost;
  if (lost.kind === 'photo') {
    await db.prisma.photo.updateMany({
      where: { id, state: 'ready' },
      data: { state: 'refused', refusalCode: 'LOST' },
    });
  } else if (lost.kind === 'image') {
    const data = { state: 'failed', failureCode: 'LOST', storageKey: null, sizeBytes: null, sha256: null };
    await db.prisma.image.updateMany({ where: { id, state: 'ready' }, data });
  } else {
    await db.prisma.$transaction(async (tx) => {
      // Generations were drawn with them and stay; only the file can be had no more.
      await tx.weights.updateMany({ where: { id }, data: { lost: true } });
      if ((await tx.weights.count({ where: { modelId, final: true, lost: false } })) > 0) return;
      await tx.model.updateMany({ where: { id: modelId, state: 'ready' }, data: { state: 'failed' } });
    });
  }
}
