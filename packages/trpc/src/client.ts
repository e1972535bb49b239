/**
 * The typed client: `createPixgenClient({ baseUrl, apiKey })` from any Node program. It imports only the router's type.
 */
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import type { AppRouter } from './router.ts';

export type { AppRouter } from './router.ts';
export type PixgenClient = TRPCClient<AppRouter>;

/**
 * @param options.baseUrl the API's address, e.g. `http://127.0.0.1:4000`
 * @param options.apiKey a key made on the account; sent as `Authorization: Bearer`
 * @returns procedures with their types, e.g. `client.training.start.mutate({...})`
 */
export function createPixgenClient(options: { baseUrl: string; apiKey: string }): PixgenClient {
  const url = new URL('/trpc', options.baseUrl).href;
  const authorization = `Bearer ${options.apiKey}`;
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        // Programs cannot use EventSource: it sends no headers, and a key must never stand in a URL.
        true: httpSubscriptionLink({ url, EventSource: FetchEventSource(authorization) }),
        false: httpBatchLink({ url, headers: { authorization }, maxItems: 10 }),
      }),
    ],
  });
}
