/**
 * Condition on `"Job" j`: a GPU may be at work on it. Said by what it is not, so that the planner goes by the primary key:
 * said the other way it reads the index of all live jobs for each call.
 */
export const AT_WORK = `j.state NOT IN ('queued', 'succeeded', 'failed', 'cancelled', 'expired')`;

/**
 * Expression on `"Job" j`: images of its generation that were ready before it, drawn by the jobs that it repeats. It is not
 * paid for them again.
 */
export const READY_BEFORE = countBefore(`i.state = 'ready'`);

/**
 * Expression on `"Job" j`: planned images of its generation that were none of its business when it was accepted. They were
 * ready, or had been deleted for good, and nothing was held for them.
 */
export const NOT_ORDERED = countBefore(`(i.state = 'ready' OR i."deletedAt" < j."createdAt")`);

function countBefore(condition: string): string {
  return `CASE WHEN j."retryOf" IS NULL THEN 0 ELSE (
  SELECT count(*)::int FROM "Image" i WHERE i."generationId" = j."generationId" AND ${condition} AND NOT EXISTS (
    SELECT 1 FROM "JobEvent" e WHERE e."jobId" = j.id AND e.type = 'image' AND e."imageId" = i.id AND e.code IS NULL)) END`;
}
