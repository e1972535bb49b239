/** S3: hostile files through the real decoder, each in its own process, as the worker does it. */
import { readdirSync, readFileSync } from 'node:fs';
import { decodePhoto } from '@pixgen/core';
import { LIMITS, PHOTO_REFUSALS, type PhotoRefusalCode } from '@pixgen/domain';
import sharp from 'sharp';
import { seededRandom } from '../gpu-simulator/faults.ts';
import { HOSTILE_IMAGES, type HostileImage } from './hostile-images.ts';
import { CANARY } from './image-parts.ts';

const COPY_EDGE_PX = 2048;
const SAMPLE_MS = 5;

export type ImageCounts = { files: number; cleaned: number; refused: Partial<Record<PhotoRefusalCode, number>> };
export type ImageReport = {
  files: number;
  refused: number;
  cleaned: number;
  /** Hostile files that were taken for photos. */
  taken: number;
  /** Unusual but right files that were refused. */
  lost: number;
  /** Times that the decoder could not be run, which is not a verdict on the file. */
  crashes: number;
  /** Copies with metadata, of a wrong kind or size, or with something of the original's other parts in them. */
  unclean: number;
  /** Refusals whose sentence names neither a limit nor what is taken. */
  unnamed: number;
  /** Largest resident memory of a decoder; null where /proc does not say. */
  peakBytes: number | null;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  seed: number;
  seconds: number;
  classes: Record<string, ImageCounts>;
};

export const MAX_PEAK_BYTES = 512 * 1024 * 1024;

export function faultsOfImages(report: ImageReport): string[] {
  return [
    report.files === 0 && 'nothing was decoded',
    report.taken > 0 && `${report.taken} hostile files were taken for photos`,
    report.lost > 0 && `${report.lost} unusual photos were refused`,
    report.crashes > 0 && `the decoder could not be run ${report.crashes} times`,
    report.unclean > 0 && `${report.unclean} copies hold more than pixels`,
    report.unnamed > 0 && `${report.unnamed} refusals name no limit`,
    (report.peakBytes ?? 0) > MAX_PEAK_BYTES && `a decoder took ${report.peakBytes} bytes`,
  ].filter((fault) => fault !== false);
}

/**
 * @param options.n files, classes in turn; at least one of each when it is as large as their number
 * @param options.atOnce decoders at work at the same time; what one file takes is only seen with one
 */
export async function fuzzImages(options: { n: number; seed: number; atOnce?: number }): Promise<ImageReport> {
  const names = Object.keys(HOSTILE_IMAGES);
  const startedAt = performance.now();
  const memory = watchDecoders();
  const timesMs: number[] = [];
  const classes: Record<string, ImageCounts> = {};
  const sums = { refused: 0, cleaned: 0, taken: 0, lost: 0, crashes: 0, unclean: 0, unnamed: 0 };
  let next = 0;

  async function work(): Promise<void> {
    for (let index = next++; index < options.n; index = next++) {
      const name = names[index % names.length] ?? '';
      const image = HOSTILE_IMAGES[name];
      if (!image) continue;
      const file = await image.make(seededRandom(options.seed, index));
      const from = performance.now();
      const outcome = await decodePhoto(file, image.announcedAs).catch((error: Error) => error);
      timesMs.push(performance.now() - from);
      classes[name] ??= { files: 0, cleaned: 0, refused: {} };
      await judge(image, outcome, classes[name]);
    }
  }

  async function judge(
    image: HostileImage,
    outcome: Awaited<ReturnType<typeof decodePhoto>> | Error,
    counts: ImageCounts,
  ) {
    counts.files += 1;
    if (outcome instanceof Error) {
      sums.crashes += 1;
      return;
    }
    if (!outcome.ok) {
      sums.refused += 1;
      counts.refused[outcome.code] = (counts.refused[outcome.code] ?? 0) + 1;
      if (image.expect === 'cleaned') sums.lost += 1;
      if (!namesLimit(outcome.code)) sums.unnamed += 1;
      return;
    }
    sums.cleaned += 1;
    counts.cleaned += 1;
    if (image.expect === 'refused') sums.taken += 1;
    if (!(await isClean(outcome.jpeg))) sums.unclean += 1;
  }

  try {
    await Promise.all(Array.from({ length: options.atOnce ?? 2 }, work));
  } finally {
    memory.stop();
  }
  timesMs.sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round(timesMs[Math.min(timesMs.length - 1, Math.floor(timesMs.length * share))] ?? 0);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  return {
    files: timesMs.length,
    ...sums,
    peakBytes: memory.peakBytes(),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    seed: options.seed,
    seconds,
    classes,
  };
}

/** A refusal tells what may be sent instead: a number, or the kinds of file that are taken. */
function namesLimit(code: PhotoRefusalCode): boolean {
  return /\d|JPEG, PNG or WebP|damaged|cut off/.test(PHOTO_REFUSALS[code]);
}

/** Nothing but pixels: a JPEG within bounds, without metadata, profile, comment, trailer or anything of the original's text. */
export async function isClean(jpeg: Buffer): Promise<boolean> {
  const head = await sharp(jpeg).metadata();
  const bare = [head.exif, head.icc, head.xmp, head.iptc, head.comments].every((part) => part === undefined);
  const inBounds = Math.max(head.width, head.height) <= COPY_EDGE_PX && head.space === 'srgb' && head.channels === 3;
  const whole = jpeg.subarray(-2).equals(Buffer.from([0xff, 0xd9]));
  const small = jpeg.length <= LIMITS.photos.maxBytes;
  return head.format === 'jpeg' && bare && inBounds && whole && small && !jpeg.includes(CANARY);
}

/** Resident high-water mark of this process's children, by looking often: what Linux keeps per process ends with it. */
function watchDecoders(): { stop: () => void; peakBytes: () => number | null } {
  let peakKb: number | null = null;
  const look = (): void => {
    try {
      for (const thread of readdirSync('/proc/self/task')) {
        const children = readFileSync(`/proc/self/task/${thread}/children`, 'utf8');
        for (const pid of children.split(' ').filter(Boolean)) {
          const mark = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
          if (mark) peakKb = Math.max(peakKb ?? 0, Number(mark));
        }
      }
    } catch {
      // It ended meanwhile, or this is not Linux.
    }
  };
  const timer = setInterval(look, SAMPLE_MS);
  return { stop: () => clearInterval(timer), peakBytes: () => (peakKb === null ? null : peakKb * 1024) };
}
