/** What a page makes the browser load before it works. */
import { gzipSync } from 'node:zlib';
import type { APIRequestContext } from 'playwright-core';

/** The most that the scripts of one page may weigh, compressed. */
const MAX_BYTES = 200_000;

/** Routes that weigh more as it is. They may get lighter: then their line goes. */
const OVERWEIGHT: Readonly<Record<string, number>> = {
  '/home': 206_000,
  '/models': 207_000,
  '/models/[id]': 220_000,
  '/train': 206_000,
  '/train/[id]/subject': 206_000,
  '/train/[id]/photos': 220_000,
  '/train/[id]/settings': 207_000,
  '/train/[id]/review': 210_000,
  '/studio': 221_000,
  '/generations/[id]': 221_000,
  '/settings': 208_000,
  '/activity/[job]': 206_000,
  '/admin/reports': 204_000,
  '/packs': 203_000,
  '/admin': 203_000,
  '/admin/audit-log': 203_000,
};

/** The most that this route's first load may weigh. */
export const firstLoadLimit = (route: string): number => OVERWEIGHT[route] ?? MAX_BYTES;

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
