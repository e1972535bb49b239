/** Calls to the API from server components, and the cache that goes to the browser with the page. */
import 'server-only';
import type { AppRouter } from '@pixgen/trpc/client';
import type { QueryClient } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { headers } from 'next/headers';
import { notFound, redirect } from 'next/navigation';
import { cache } from 'react';
import { sessionToken } from '@/account/session';
import { env } from '@/env';
import { signInPath } from '@/http/next-path';
import { requestLanguage } from '@/language/request-locale';
import { failureOf } from './failure';
import { pageLink } from './page-link';
import { makeQueryClient } from './query-client';

/** One cache per request. */
export const getQueryClient = cache(() => makeQueryClient());

/** The procedures as query options, carrying the caller's session. */
export const serverTrpc = cache(() => {
  const client = createTRPCClient<AppRouter>({
    links: [
      pageLink(),
      httpBatchLink({
        url: new URL('/trpc', env().API_URL).href,
        maxItems: 10,
        headers: async () => {
          const token = await sessionToken();
          const address = (await headers()).get('x-forwarded-for');
          return {
            'accept-language': await requestLanguage(),
            ...(token && { authorization: `Bearer ${token}` }),
            ...(address && { 'x-forwarded-for': address }),
          };
        },
        fetch: (url, init) =>
          fetch(url, {
            ...(init as RequestInit),
            cache: 'no-store',
            redirect: 'error',
            signal: AbortSignal.timeout(10_000),
          }),
      }),
    ],
  });
  return createTRPCOptionsProxy<AppRouter>({ client, queryClient: getQueryClient });
});

/**
 * Waits for what a page cannot be drawn without. What does not exist becomes the not-found page, an ended session the
 * sign-in page, a suspended account the page that says so, anything else the error page with its code as digest.
 *
 * @param fetching `(queryClient, trpc) => queryClient.fetchQuery(trpc.models.get.queryOptions({ id }))`
 */
export async function load<T>(
  fetching: (queryClient: QueryClient, trpc: ReturnType<typeof serverTrpc>) => Promise<T>,
): Promise<T> {
  try {
    return await fetching(getQueryClient(), serverTrpc());
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code === 'NOT_FOUND' || failure.code === 'INVALID_INPUT') notFound();
    if (failure.code === 'UNAUTHENTICATED') redirect(signInPath((await headers()).get('x-path') ?? '/home'));
    if (failure.code === 'ACCOUNT_SUSPENDED') redirect('/suspended');
    throw Object.assign(new Error(failure.message, { cause: error }), { digest: failure.code });
  }
}
