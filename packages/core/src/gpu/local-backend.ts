/**
 * A GPU server spoken to over HTTP: `gpu/server.py` on this or another machine, or the simulator.
 *
 * Plain `node:http` with a keep-alive agent: this call is paid by every job, and `fetch` costs about twice the CPU.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type CallStatus, callStatus, submitAnswer } from '@pixgen/domain';
import { type GpuBackend, GpuBackendError } from './gpu-backend.ts';

const MAX_ANSWER_BYTES = 1024 * 1024;

export type LocalBackendOptions = {
  /** Address of the server, with an optional path prefix. */
  url: string;
  /** Shared with the server; needed unless it listens on loopback. */
  secret?: string | undefined;
  /** Longest wait for a whole answer, in ms. */
  timeoutMs?: number;
};

export function createLocalBackend(options: LocalBackendOptions): GpuBackend {
  const base = options.url.endsWith('/') ? options.url : `${options.url}/`;
  const secure = new URL(base).protocol === 'https:';
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const send = secure ? httpsRequest : request;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const headers: Record<string, string> = options.secret ? { authorization: `Bearer ${options.secret}` } : {};

  function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    const payload = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) =>
        reject(new GpuBackendError('unavailable', 'The GPU server does not answer.', { cause }));
      const outgoing = send(
        new URL(path, base),
        {
          method,
          agent,
          headers: {
            ...headers,
            'content-length': Buffer.byteLength(payload),
            ...(payload && { 'content-type': 'application/json' }),
          },
        },
        (incoming) => readAnswer(incoming).then(resolve, fail),
      );
      const timer = setTimeout(() => outgoing.destroy(new Error('no whole answer in time')), timeoutMs);
      outgoing.once('close', () => clearTimeout(timer));
      outgoing.once('error', fail);
      outgoing.end(payload);
    });
  }

  return {
    name: 'local',
    async submit(ticket) {
      const answer = await call('POST', 'submit', ticket);
      if (answer.status !== 202) throw asError(answer);
      return parse(answer, submitAnswer);
    },
    async status(callId): Promise<CallStatus> {
      const answer = await call('GET', `calls/${encodeURIComponent(callId)}`);
      if (answer.status === 404) return { state: 'lost', reason: 'The GPU server does not know this call.' };
      if (answer.status !== 200) throw asError(answer);
      return parse(answer, callStatus);
    },
    async cancel(callId) {
      const answer = await call('POST', `calls/${encodeURIComponent(callId)}/cancel`);
      if (answer.status !== 200 && answer.status !== 202 && answer.status !== 404) throw asError(answer);
    },
    async close() {
      agent.destroy();
    },
  };
}

type Answer = { status: number; retryAfter: string | undefined; text: string };

function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER_BYTES) incoming.destroy(new Error('answer too large'));
    });
    incoming.once('error', reject);
    incoming.once('close', () => void (incoming.complete || reject(new Error('the answer broke off'))));
    incoming.once('end', () =>
      resolve({ status: incoming.statusCode ?? 0, retryAfter: incoming.headers['retry-after'], text }),
    );
  });
}

function parse<T>(answer: Answer, schema: { parse(value: unknown): T }): T {
  try {
    return schema.parse(JSON.parse(answer.text));
  } catch (cause) {
    // Not permanent: a proxy in front of a restarting server may answer 200 with a page.
    throw new GpuBackendError('unavailable', 'The GPU server sent an answer that is not understood.', { cause });
  }
}

function asError({ status, retryAfter }: Answer): GpuBackendError {
  const retryAfterMs = retryAfter && /^\d{1,5}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
  if (status === 429) return new GpuBackendError('throttled', 'The GPU server is full.', { retryAfterMs });
  if (status >= 400 && status < 500 && status !== 408) {
    return new GpuBackendError('refused', `The GPU server refuses the call (HTTP ${status}).`);
  }
  return new GpuBackendError('unavailable', `The GPU server has a fault (HTTP ${status}).`, { retryAfterMs });
}
