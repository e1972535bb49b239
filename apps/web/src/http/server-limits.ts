/** Slow clients are hung up on: Next leaves Node's own limits as they are, which are minutes. */
import { subscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';

/** Published by Node before any handler sees the request. */
const REQUEST_STARTS = 'http.server.request.start';
const REQUEST_MS = 30_000;
const HEADERS_MS = 15_000;

/** Applies to every HTTP server of this process, from its first request on. */
export function limitSlowClients(): void {
  const known = new WeakSet<Server>();
  subscribe(REQUEST_STARTS, (message) => {
    const { server } = message as { server: Server };
    if (known.has(server)) return;
    known.add(server);
    server.requestTimeout = REQUEST_MS;
    server.headersTimeout = HEADERS_MS;
  });
}
