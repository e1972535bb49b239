import { createClerkClient } from '@clerk/backend';
import { isClerkAPIResponseError } from '@clerk/backend/errors';

/**
 * Erases accounts at Clerk.
 *
 * @param options.apiUrl for tests; Clerk's own when left out
 * @returns to be called with a subject (`user_…`); one that is gone already is not an error
 */
export function createClerkUserDeleter(options: {
  secretKey: string;
  apiUrl?: string;
}): (subject: string) => Promise<void> {
  const clerk = createClerkClient(options);
  return async (subject) => {
    try {
      await clerk.users.deleteUser(subject);
    } catch (error) {
      if (!isClerkAPIResponseError(error) || error.status !== 404) throw error;
    }
  };
}
