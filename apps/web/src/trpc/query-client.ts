import { defaultShouldDehydrateQuery, MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { failureOf } from './failure';

/** Longer waits are told and left to the person; asking again before one is over would be one call too many, again. */
const MAX_PATIENCE_MS = 15_000;
const MAX_RETRIES = 2;

export function mayRetry(count: number, error: unknown): boolean {
  const { retryable, retryAfterMs } = failureOf(error);
  return count < MAX_RETRIES && retryable && (retryAfterMs ?? 0) <= MAX_PATIENCE_MS;
}

/** As long as the answer says, and a little more each time where it does not. */
export function retryDelayMs(count: number, error: unknown): number {
  return failureOf(error).retryAfterMs ?? 1_000 * 2 ** count;
}

/**
 * @param onSignedOut called when the API says that the session is over
 */
export function makeQueryClient(onSignedOut?: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (failureOf(error).code === 'UNAUTHENTICATED') onSignedOut?.();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // Live events say when something changed; until then what the server rendered stays fresh.
        staleTime: 20_000,
        retry: (count, error) => typeof window !== 'undefined' && mayRetry(count, error),
        retryDelay: retryDelayMs,
      },
      dehydrate: { shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) },
    },
  });
}
