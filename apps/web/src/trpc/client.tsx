'use client';

import type { AppRouter } from '@pixgen/trpc/client';
import { QueryClientProvider } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import { type ReactNode, useState } from 'react';
import { signInPath } from '@/http/next-path';
import { fetchNotingWaits } from '@/shell/wait-store';
import { pageLink } from './page-link';
import { makeQueryClient } from './query-client';

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** Whether this page goes away: no timer that could fill a batch runs any more, and a usual request would be cut off. */
let leaving = false;
if (typeof window !== 'undefined') {
  window.addEventListener('pagehide', () => {
    leaving = true;
  });
  window.addEventListener('pageshow', () => {
    leaving = false;
  });
}

function makeClient() {
  return createTRPCClient<AppRouter>({
    links: [
      pageLink(),
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url: '/trpc' }),
        false: splitLink({
          condition: () => leaving,
          true: httpLink({
            url: '/trpc',
            fetch: (url, init) => fetch(url, { ...(init as RequestInit), keepalive: true }),
          }),
          false: httpBatchLink({
            url: '/trpc',
            maxItems: 10,
            maxURLLength: 8_000,
            fetch: (url, init) => fetchNotingWaits(url, init as RequestInit),
          }),
        }),
      }),
    ],
  });
}

/** The browser's way to the API: this site's own `/trpc`, with the cookie it cannot read. */
export function ApiProvider({ children }: { children: ReactNode }) {
  const [queryClient] = useState(() =>
    makeQueryClient(() => {
      if (typeof window !== 'undefined') window.location.assign(signInPath(location.pathname + location.search));
    }),
  );
  const [client] = useState(makeClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
