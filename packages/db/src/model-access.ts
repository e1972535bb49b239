/** The ownership check of the generation path, with what it needs to go on; concurrent callers share a query. */
import type pg from 'pg';
import { createBatcher } from './batch.ts';

export type OwnedModelRow = {
  id: string;
  userId: string;
  name: string;
  classWord: string;
  triggerWord: string;
  state: string;
  /** Those in use, see {@link WEIGHTS_IN_USE}; null before the first training succeeded. */
  weightsId: string | null;
  weightsProfile: string | null;
};

/**
 * What is drawn with of a model `m`: the chosen weights while their file is there, else the newest final ones. Two index
 * lookups; the first finds nothing for a model without a choice.
 */
export const WEIGHTS_IN_USE = `
  SELECT id, profile FROM (
    (SELECT id, profile, 0 AS rank FROM "Weights" WHERE id = m."chosenWeightsId" AND NOT lost)
    UNION ALL (SELECT id, profile, 1 FROM "Weights" WHERE "modelId" = m.id AND final AND NOT lost ORDER BY id DESC LIMIT 1)
  ) found ORDER BY rank LIMIT 1`;

const OWNED = `
SELECT m.id, m."userId", m.name, m."classWord", m."triggerWord", m.state, w.id AS "weightsId", w.profile AS "weightsProfile"
FROM unnest($1::uuid[], $2::uuid[]) AS r("modelId", "userId")
JOIN "Model" m ON m.id = r."modelId" AND m."userId" = r."userId" AND m."deletedAt" IS NULL
LEFT JOIN LATERAL (${WEIGHTS_IN_USE}) w ON true`;

/** Reads a model only for its owner; a foreign one answers like an absent one. */
export function createOwnedModelReader(
  pool: pg.Pool,
): (request: { modelId: string; userId: string }) => Promise<OwnedModelRow | null> {
  return createBatcher<{ modelId: string; userId: string }, OwnedModelRow | null>(
    async (requests) => {
      const result = await pool.query<OwnedModelRow>({
        name: 'owned-model',
        text: OWNED,
        values: [requests.map((request) => request.modelId), requests.map((request) => request.userId)],
      });
      const found = new Map(result.rows.map((row) => [`${row.userId}${row.id}`, row]));
      return requests.map((request) => found.get(`${request.userId}${request.modelId}`) ?? null);
    },
    { maxBatch: 500, maxInFlight: 2 },
  );
}
