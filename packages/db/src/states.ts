/**
 * Condition on `"Job" j`: a GPU may be at work on it. Said by what it is not, so that the planner goes by the primary key:
 * said the other way it reads the index of all live jobs for each call.
 */
export const AT_WORK = `j.state NOT IN ('queued', 'succeeded', 'failed', 'cancelled', 'expired')`;

/**
 * Expression on `"Job" j`: images of its generation that were ready before it, drawn by the jobs that it repeats. It is not
 * paid for them again.
 */
export const READY_BEFORE = `CASE WHEN j."retryOf" IS NULL THEN 0 ELSE (
  SELECT count(*)::int FROM "Image" i WHERE i."generationId" = j."generationId" AND i.state = 'ready' AND NOT EXISTS (
    SELECT 1 FROM "JobEvent" e WHERE e."jobId" = j.id AND e.type = 'image' AND e."imageId" = i.id AND e.code IS NULL)) END`;
