/**
 * The typed client: `createPixgenClient({ baseUrl, apiKey })` from any Node program. It imports only the router's type.
 */
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import { EventSource } from 'eventsource';
import type { AppRouter } from './router.ts';

export type { AppRouter } from './router.ts';
export type PixgenClient = TRPCClient<AppRouter>;

/** As the server allows; see `apps/api`. */
const MAX_CALLS_PER_REQUEST = 10;

/**
 * @param options.baseUrl the API's address, e.g. `http://127.0.0.1:4000`
 * @param options.apiKey a key made on the account, or a session token; sent as `Authorization: Bearer`
 * @returns procedures with their types, e.g. `client.training.start.mutate({...})`, and `client.jobs.live.subscribe`,
 *   which reconnects by itself after the last event it saw
 */
export function createPixgenClient(options: { baseUrl: string; apiKey: string }): PixgenClient {
  const url = new URL('/trpc', options.baseUrl).href;
  const authorization = `Bearer ${options.apiKey}`;
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({
          url,
          // A browser's EventSource sends no headers, and a key must never stand in a URL: this one streams with fetch.
          EventSource,
          eventSourceOptions: {
            fetch: (input: string | URL, init: RequestInit) =>
              fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), authorization } }),
          },
        }),
        false: httpBatchLink({ url, headers: { authorization }, maxItems: MAX_CALLS_PER_REQUEST }),
      }),
    ],
  });
}
