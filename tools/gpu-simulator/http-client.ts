/** Bare keep-alive HTTP: the simulator is inside the benchmark, and `fetch` would cost more than the work it carries. */
import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** `status` 0 = no answer (refused, reset, timed out). `retryAfterMs`: how long the answer asks to wait, 0 if it does not. */
export type HttpAnswer = { status: number; body: Buffer; retryAfterMs: number };

export type HttpClient = {
  send(
    method: 'GET' | 'PUT' | 'POST',
    url: string,
    headers: OutgoingHttpHeaders,
    body: Buffer | string,
  ): Promise<HttpAnswer>;
  close(): void;
};

const NO_ANSWER: HttpAnswer = { status: 0, body: Buffer.alloc(0), retryAfterMs: 0 };

export function createHttpClient(timeoutMs: () => number): HttpClient {
  const plain = new Agent({ keepAlive: true });
  const secure = new HttpsAgent({ keepAlive: true });
  return {
    send(method, url, headers, body) {
      return new Promise((resolve) => {
        const https = url.startsWith('https:');
        const outgoing = (https ? httpsRequest : request)(
          url,
          {
            method,
            agent: https ? secure : plain,
            timeout: timeoutMs(),
            headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          },
          (incoming) => {
            const chunks: Buffer[] = [];
            incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
            incoming.once('end', () => {
              const { statusCode = 0, headers: answered } = incoming;
              const retryAfterMs = readRetryAfter(answered['retry-after']);
              resolve({ status: statusCode, body: Buffer.concat(chunks), retryAfterMs });
            });
            incoming.once('error', () => resolve(NO_ANSWER));
          },
        );
        outgoing.once('timeout', () => outgoing.destroy());
        outgoing.once('error', () => resolve(NO_ANSWER));
        outgoing.once('close', () => resolve(NO_ANSWER));
        outgoing.end(body);
      });
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** Seconds, or a date. */
function readRetryAfter(value: string | undefined): number {
  if (value === undefined) return 0;
  const waitMs = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0;
}
