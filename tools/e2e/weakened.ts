/**
 * A proxy in front of the web app that takes protections away, one by one. What an attack does behind it shows that the attack
 * is real: without that, a test in which nothing works would prove nothing.
 */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export type Protection =
  /** `Origin` and the browser's own word on where a request comes from. */
  | 'origin'
  /** No CORS header, and no answer to what browsers ask before they send. */
  | 'cors'
  /** X-Frame-Options and frame-ancestors. */
  | 'framing'
  /** Cross-Origin-Resource-Policy. */
  | 'embedding'
  /** Cross-Origin-Opener-Policy. */
  | 'opener'
  /** Only JSON is read. */
  | 'content-type';

export type Weakened = { url: string; close: () => Promise<void> };

/** Listens on the host of the web app: cookies do not tell ports apart, so it gets the same ones. */
export async function weaken(target: string, without: readonly Protection[]): Promise<Weakened> {
  const { host, hostname, port, origin } = new URL(target);
  const server = createServer((request, response) => {
    if (without.includes('cors') && request.method === 'OPTIONS') return allow(request, response);
    const headers: IncomingHttpHeaders = { ...request.headers, host };
    if (without.includes('origin')) {
      for (const name of Object.keys(headers)) if (name.startsWith('sec-fetch-')) delete headers[name];
      if (headers.origin) headers.origin = origin;
    }
    if (without.includes('content-type') && headers['content-type']) headers['content-type'] = 'application/json';
    const passed = send({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, weakenAnswer(answer, request, without));
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
    return undefined;
  });
  server.listen(0, hostname);
  await once(server, 'listening');
  return {
    url: `http://${hostname}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function weakenAnswer(answer: IncomingMessage, request: IncomingMessage, without: readonly Protection[]) {
  const headers = { ...answer.headers };
  if (without.includes('framing')) {
    delete headers['x-frame-options'];
    const policy = headers['content-security-policy'];
    if (typeof policy === 'string') headers['content-security-policy'] = policy.replace(/frame-ancestors[^;]*;?/, '');
  }
  if (without.includes('embedding')) delete headers['cross-origin-resource-policy'];
  if (without.includes('opener')) delete headers['cross-origin-opener-policy'];
  if (without.includes('cors')) {
    headers['access-control-allow-origin'] = request.headers.origin ?? '*';
    headers['access-control-allow-credentials'] = 'true';
  }
  return headers;
}

function allow(request: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(204, {
      'access-control-allow-origin': request.headers.origin ?? '*',
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'content-type',
      'access-control-allow-methods': 'GET, POST, DELETE, PATCH',
    })
    .end();
}
