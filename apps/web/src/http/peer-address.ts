/**
 * Who really called. A browser may send any `X-Forwarded-For`; what this server saw itself is appended to it, as every
 * proxy does, so that the API, which believes only the proxies it was told of, finds the true address from the right.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** Published by Node before any handler sees the request. */
const REQUEST_STARTS = 'http.server.request.start';

/** Applies to every HTTP server of this process, from now on. */
export function appendPeerAddresses(): void {
  subscribe(REQUEST_STARTS, (message) => appendPeerAddress((message as { request: IncomingMessage }).request));
}

function appendPeerAddress({ headers, socket }: IncomingMessage): void {
  const forwarded = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = [forwarded, socket.remoteAddress].flat().filter(Boolean).join(', ');
}
