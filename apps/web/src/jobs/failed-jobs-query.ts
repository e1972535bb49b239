/** What the home page asks for, on the server and in the browser alike. */
export const FAILED_JOBS = { endedBadly: true, limit: 3 };
