import { createClerkClient } from '@clerk/backend';
import { isClerkAPIResponseError } from '@clerk/backend/errors';

/** Clerk's own client waits for ever, and one erasure waits for the other. */
const PATIENCE_MS = 10_000;

/**
 * Erases accounts at Clerk.
 *
 * @param options.apiUrl for tests, and so is `patienceMs`; Clerk's own when left out
 * @returns to be called with a subject (`user_…`); one that is gone already is not an error. Throws when Clerk refuses or does
 *   not answer in time
 */
export function createClerkUserDeleter(options: {
  secretKey: string;
  apiUrl?: string;
  patienceMs?: number;
}): (subject: string) => Promise<void> {
  const { patienceMs = PATIENCE_MS, ...clerkOptions } = options;
  const clerk = createClerkClient(clerkOptions);
  return async (subject) => {
    try {
      await within(patienceMs, clerk.users.deleteUser(subject));
    } catch (error) {
      if (!isClerkAPIResponseError(error) || error.status !== 404) throw error;
    }
  };
}

async function within(patienceMs: number, call: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Clerk did not answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
