/**
 * Reads no further than the limit, whatever length the request claims to have.
 *
 * @returns null for a request without a body
 */
export async function readBody(
  request: Pick<Request, 'body' | 'method' | 'headers'>,
  maxBytes: number,
): Promise<ArrayBuffer | null | 'too-large'> {
  if (request.body === null || request.method === 'GET' || request.method === 'HEAD') return null;
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return 'too-large';
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      return 'too-large';
    }
    chunks.push(part.value);
  }
  return await new Blob(chunks).arrayBuffer();
}
