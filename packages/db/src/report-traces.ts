/** Reports are forgotten with whom they are about or by. */
import type pg from 'pg';
import type { OpenErasure } from './erasures.ts';

/** Somebody who reported is erased: what they wrote goes, what they named stays to be decided about. */
export async function forgetReportsBy(client: pg.ClientBase, userId: string, email: string | null): Promise<void> {
  const theirs = '("reporterId" = $1 OR contact = $2)';
  await client.query(`DELETE FROM "Report" WHERE ${theirs} AND "namedIds" = '{}'`, [userId, email]);
  await client.query(
    `UPDATE "Report" SET "reporterId" = NULL, contact = NULL, words = '', what = array_to_string("namedIds", ' ') WHERE ${theirs}`,
    [userId, email],
  );
}

/**
 * What was reported is erased: reports name it no more, and one that names nothing else is over. With an account also the
 * words about it go.
 */
export async function forgetReportsAbout(pool: pg.Pool, erasure: OpenErasure): Promise<void> {
  const { kind, userId, targetId } = erasure;
  await pool.query(
    `WITH scope AS (SELECT r.id, ARRAY(
         SELECT n FROM unnest(r."namedIds") n WHERE NOT (
           EXISTS (SELECT 1 FROM "Image" i WHERE i.id = n AND i."userId" = $2 AND ($1 = 'account' OR $3 IN (i.id, i."modelId")))
           OR EXISTS (SELECT 1 FROM "Photo" p WHERE p.id = n AND p."userId" = $2 AND ($1 = 'account' OR $3 IN (p.id, p."modelId")))
           OR EXISTS (SELECT 1 FROM "Training" t WHERE t."userId" = $2 AND ($1 = 'account' OR $3 = t."modelId")
             AND (t.id = n OR EXISTS (SELECT 1 FROM "Sample" s WHERE s.id = n AND s."trainingId" = t.id)))
           OR EXISTS (SELECT 1 FROM "Generation" g WHERE g.id = n AND g."userId" = $2 AND ($1 = 'account' OR $3 = g."modelId"))
           OR EXISTS (SELECT 1 FROM "Model" m WHERE m.id = n AND m."userId" = $2 AND ($1 = 'account' OR $3 = m.id))
           OR ($1 = 'account' AND n = $2))) AS rest
       FROM "Report" r WHERE r."namedIds" <> '{}')
     UPDATE "Report" r SET "namedIds" = scope.rest,
       what = CASE WHEN $1 = 'account' OR scope.rest = '{}' THEN array_to_string(scope.rest, ' ') ELSE r.what END,
       words = CASE WHEN $1 = 'account' OR scope.rest = '{}' THEN '' ELSE r.words END,
       contact = CASE WHEN scope.rest = '{}' THEN NULL ELSE r.contact END,
       state = CASE WHEN r.state = 'open' AND scope.rest = '{}' THEN 'gone' ELSE r.state END,
       "decidedAt" = CASE WHEN r.state = 'open' AND scope.rest = '{}' THEN now() ELSE r."decidedAt" END
     FROM scope WHERE scope.id = r.id AND scope.rest <> r."namedIds"`,
    [kind, userId, targetId],
  );
}
