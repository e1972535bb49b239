/**
 * Condition on `"Job" j`: a GPU may be at work on it. Said by what it is not, so that the planner goes by the primary key:
 * said the other way it reads the index of all live jobs for each call.
 */
export const AT_WORK = `j.state NOT IN ('queued', 'succeeded', 'failed', 'cancelled', 'expired')`;
