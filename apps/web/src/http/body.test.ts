import { expect, it } from 'vitest';
import { readBody } from './body';

/** Sends without end, and counts what was taken. */
function endless(headers: Record<string, string> = {}) {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(1024));
    },
  });
  return { request: { method: 'POST', headers: new Headers(headers), body }, taken: () => pulled };
}

it('stops reading at the limit, whether the request tells its length or not', async () => {
  const silent = endless();
  expect(await readBody(silent.request, 8 * 1024)).toBe('too-large');
  expect(silent.taken()).toBeLessThan(12);
  const honest = endless({ 'content-length': '9000000' });
  expect(await readBody(honest.request, 8 * 1024)).toBe('too-large');
  expect(honest.taken()).toBeLessThan(3);
  const small = new Request('http://a/', { method: 'POST', body: 'hello' });
  expect(Buffer.from((await readBody(small, 5)) as ArrayBuffer).toString()).toBe('hello');
});
