/**
 * An object store that keeps finished images in memory and hands everything else on to the real one: what the path costs
 * without storage. Signatures are not checked here; the real store still checks those it sees.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Kept = { bytes: Buffer; contentType: string; sha256: string };

export async function startNullStore(realUrl: string): Promise<{ url: string; stop(): Promise<void> }> {
  const images = new Map<string, Kept>();
  const server = createServer((incoming, response) => {
    const path = (incoming.url ?? '').split('?')[0] ?? '';
    const kept = images.get(path);
    const contentType = incoming.headers['content-type'] ?? '';
    if (incoming.method === 'PUT' && contentType === 'image/png') {
      void readAll(incoming).then((bytes) => {
        const sha256 = String(incoming.headers['x-amz-checksum-sha256'] ?? '');
        images.set(path, { bytes, contentType, sha256 });
        response.writeHead(200, { 'content-length': 0 }).end();
      });
    } else if (kept) answerKept(incoming, response, kept);
    else handOn(realUrl, incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerKept(incoming: IncomingMessage, response: ServerResponse, { bytes, contentType, sha256 }: Kept): void {
  response.writeHead(200, {
    'content-type': contentType,
    'content-length': bytes.length,
    ...(sha256 && { 'x-amz-checksum-sha256': sha256 }),
  });
  response.end(incoming.method === 'HEAD' ? undefined : bytes);
}

/** The `Host` header goes along unchanged: it is part of every signature. */
function handOn(realUrl: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = new URL(realUrl);
  const outgoing = request(
    { hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  outgoing.once('error', () => response.destroy());
  incoming.pipe(outgoing);
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
