/** Prepares photos off the page's own thread, so that it stays quick while twenty of them are looked at. */
import { preparePhoto } from './prepare-photo';

export type PrepareRequest = { id: number; blob: Blob; maxPixels: number };
export type PrepareAnswer = { id: number; result: Awaited<ReturnType<typeof preparePhoto>> };

// One after the other: each holds its picture in memory.
let last: Promise<unknown> = Promise.resolve();
addEventListener('message', ({ data: { id, blob, maxPixels } }: MessageEvent<PrepareRequest>) => {
  last = last.then(async () => {
    const result = await preparePhoto(blob, maxPixels).catch(() => 'unreadable' as const);
    postMessage({ id, result } satisfies PrepareAnswer);
  });
});
