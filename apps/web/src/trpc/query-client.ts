import { defaultShouldDehydrateQuery, MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { failureOf } from './failure';

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
        retry: (count, error) => typeof window !== 'undefined' && count < 2 && failureOf(error).retryable,
      },
      dehydrate: { shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) },
    },
  });
}
