/** Keep-alive HTTP without a framework: the least that a hand-written program would pay. */
import { Agent, type OutgoingHttpHeaders, request } from 'node:http';

const agent = new Agent({ keepAlive: true });

export function send(
  method: 'POST' | 'PUT' | 'HEAD',
  url: string,
  headers: OutgoingHttpHeaders,
  body: string | Buffer,
): Promise<{ status: number; length: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        agent,
        headers: method === 'HEAD' ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        const length = Number(incoming.headers['content-length'] ?? 0);
        incoming.once('end', () => resolve({ status: incoming.statusCode ?? 0, length, text }));
      },
    );
    outgoing.once('error', reject);
    outgoing.end(method === 'HEAD' ? undefined : body);
  });
}

/** @throws when the answer is not 2xx */
export async function postJson(url: string, body: unknown, headers: OutgoingHttpHeaders = {}): Promise<string> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await send('POST', url, { 'content-type': 'application/json', ...headers }, text);
  if (answer.status < 200 || answer.status > 299) throw new Error(`POST ${url}: HTTP ${answer.status}`);
  return answer.text;
}
