/** Prepares photos off the page's own thread, so that it stays quick while twenty of them are looked at. */
import { type FaceFinder, readFaceFinder } from '@pixgen/domain/faces';
import { preparePhoto } from './prepare-photo';

export type PrepareRequest = { id: number; blob: Blob; maxPixels: number; person: boolean };
export type PrepareAnswer = { id: number; result: Awaited<ReturnType<typeof preparePhoto>> };

const DETECTOR = new URL('@vladmandic/face-api/model/tiny_face_detector_model.bin', import.meta.url);
const LANDMARKS = new URL('@vladmandic/face-api/model/face_landmark_68_tiny_model.bin', import.meta.url);
let finder: Promise<FaceFinder | null> | null = null;

/** 270 kB that come with the first photo. Where they do not arrive, the server alone looks for faces. */
async function loadFinder(): Promise<FaceFinder | null> {
  const load = async (weights: URL) => new Uint8Array(await (await fetch(weights)).arrayBuffer());
  try {
    return readFaceFinder({ detector: await load(DETECTOR), landmarks: await load(LANDMARKS) });
  } catch {
    finder = null;
    return null;
  }
}

// One after the other: each holds its picture in memory.
let last: Promise<unknown> = Promise.resolve();
addEventListener('message', ({ data: { id, blob, maxPixels, person } }: MessageEvent<PrepareRequest>) => {
  last = last.then(async () => {
    finder ??= loadFinder();
    const result = await preparePhoto(blob, maxPixels, await finder, person).catch(() => 'unreadable' as const);
    postMessage({ id, result } satisfies PrepareAnswer);
  });
});
