/** What a page makes the browser load before it works. */
import { gzipSync } from 'node:zlib';
import type { APIRequestContext } from 'playwright-core';

/** The most that the scripts of one page may weigh, compressed. */
export const FIRST_LOAD_BYTES = 200_000;

/**
 * Routes whose islands make it more once they are alive, with what they may weigh. This list only gets shorter: the server
 * draws these pages whole and their links work before gallery, comparison, the pictures of the studio or the plots of a
 * model have come.
 */
export const HEAVIER_ALIVE: Readonly<Record<string, number>> = {
  '/compare': 202_000,
  '/gallery': 222_000,
  '/models/[id]': 224_000,
  '/studio': 206_000,
};

/** Bytes of the scripts that the page's HTML asks for, each as gzip sends it. */
export async function measureFirstLoad(request: APIRequestContext, path: string): Promise<number> {
  const html = await (await request.get(path)).text();
  const sources = new Set(
    [...html.matchAll(/<script(?![^>]*nomodule)[^>]+src="([^"]+)"/gi)].map((match) => match[1] ?? ''),
  );
  if (sources.size < 3) throw new Error(`${path} asks for ${sources.size} scripts: not the page that was meant`);
  let bytes = 0;
  for (const source of sources) bytes += gzipSync(await (await request.get(source)).body()).length;
  return bytes;
}
