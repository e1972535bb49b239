/** The small doses of `pnpm fuzz`; the large ones are run by hand, and their figures stand in `docs/chaos-report.md`. */
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { FORGERIES } from './forgeries.ts';
import { HOSTILE_IMAGES } from './hostile-images.ts';
import { faultsOfImages, fuzzImages, type ImageReport, isClean, MAX_PEAK_BYTES } from './images.ts';
import { faultsOfReplays, fuzzReplays } from './replays.ts';
import { faultsOf, fuzzWebhooks, MAX_RSS_GROWTH_BYTES } from './webhooks.ts';

const SEED = 20261122;

it('accepts none of 3,000 forged and damaged events, and every genuine one between them', {
  timeout: 180_000,
}, async () => {
  const report = await fuzzWebhooks({ n: 3_000, seed: SEED, warmUps: 1 });
  // So short a run ends before the heap of a young process has found its size: growth is judged by the large dose.
  expect(faultsOf({ ...report, rssGrowthBytes: 0 })).toEqual([]);
  expect(Object.keys(report.classes).toSorted()).toEqual(Object.keys(FORGERIES).toSorted());
});

it('gives each of 1,000 repeated and reordered events one effect, and refuses no repetition', {
  timeout: 180_000,
}, async () => {
  const report = await fuzzReplays({ n: 1_000, seed: SEED });
  expect(faultsOfReplays(report)).toEqual([]);
  expect(report.deliveries).toBe(1_000);
});

it('names whatever did not hold, also that genuine events were refused', () => {
  const good = {
    bodies: 10,
    accepted: 0,
    crashes: 0,
    serverErrors: 0,
    rssGrowthBytes: MAX_RSS_GROWTH_BYTES,
    controls: 2,
    controlsAccepted: 2,
    inboxDrift: 0,
    warmUpBodies: 0,
    seed: 1,
    seconds: 1,
    classes: {},
  };
  expect(faultsOf(good)).toEqual([]);
  const bad = [
    { accepted: 1 },
    { crashes: 1 },
    { serverErrors: 1 },
    { rssGrowthBytes: MAX_RSS_GROWTH_BYTES + 1 },
    { controlsAccepted: 1 },
    { controls: 0, controlsAccepted: 0 },
    { inboxDrift: -1 },
    { bodies: 0 },
  ];
  for (const change of bad) expect(faultsOf({ ...good, ...change })).toHaveLength(1);
});

it('keeps no hostile file of any kind as a photo, and of the unusual ones nothing but pixels', {
  timeout: 300_000,
}, async () => {
  const kinds = Object.keys(HOSTILE_IMAGES);
  const report = await fuzzImages({ n: kinds.length, seed: SEED });
  const { classes, ...sums } = report;
  expect([faultsOfImages(report), sums]).toEqual([[], sums]);
  expect(Object.keys(classes).toSorted()).toEqual(kinds.toSorted());
});

it('names whatever did not hold of the hostile files', async () => {
  const good: ImageReport = {
    ...{ files: 10, refused: 6, cleaned: 4, taken: 0, lost: 0, crashes: 0, unclean: 0, unnamed: 0 },
    ...{ peakBytes: MAX_PEAK_BYTES, p50Ms: 1, p99Ms: 1, maxMs: 1, seed: 1, seconds: 1, classes: {} },
  };
  expect(faultsOfImages(good)).toEqual([]);
  const bad: Partial<ImageReport>[] = [
    ...[{ files: 0 }, { taken: 1 }, { lost: 1 }, { crashes: 1 }, { unclean: 1 }, { unnamed: 1 }],
    { peakBytes: MAX_PEAK_BYTES + 1 },
  ];
  for (const change of bad) expect(faultsOfImages({ ...good, ...change })).toHaveLength(1);
  const plain = sharp({ create: { width: 99, height: 99, channels: 3, background: '#123' } });
  expect(await isClean(await plain.jpeg().toBuffer())).toBe(true);
  for (const unclean of [
    plain.jpeg().withExif({ IFD0: { Artist: 'Ada' } }),
    plain.jpeg().withIccProfile('p3'),
    plain.png(),
    plain.clone().resize(2049, 2049).jpeg(),
  ]) {
    expect(await isClean(await unclean.toBuffer())).toBe(false);
  }
  expect(await isClean(Buffer.concat([await plain.jpeg().toBuffer(), Buffer.from('trailer')]))).toBe(false);
});
