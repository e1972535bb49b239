/** Reads the recipe that PixGen writes into every picture (`gpu/pixgen_gpu/provenance.py`). The file never leaves the browser. */
import { PROFILES, type SchedulerName } from '@pixgen/domain';
import { SCHEDULERS } from './draw-input';

export type FileRecipe = {
  /** Of the model that drew it; null when the prompt names none. */
  triggerWord: string | null;
  /** With `{subject}` where the trained subject stands. */
  prompt: string;
  negativePrompt: string;
  seed: number;
  steps: number;
  guidance: number;
  width: number;
  height: number;
  loraWeight: number;
  scheduler: SchedulerName;
  draft: boolean;
  format: 'png' | 'webp';
};

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const utf8 = new TextDecoder();

/** @returns null for a file that is no picture of PixGen's */
export function readRecipe(bytes: Uint8Array): FileRecipe | null {
  const isPng = PNG.every((byte, at) => bytes[at] === byte);
  const isWebp = ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP';
  if (!isPng && !isWebp) return null;
  const json = isPng ? recipeOfPng(bytes) : recipeOfXmp(chunkOfWebp(bytes, 'XMP '));
  if (json === null) return null;
  try {
    return toRecipe(JSON.parse(json), isPng ? 'png' : 'webp');
  } catch {
    return null;
  }
}

/** Chunks of a PNG: length, four letters, data, checksum. */
function recipeOfPng(bytes: Uint8Array): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = PNG.length; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (ascii(bytes, at + 4, 4) === 'iTXt' && ascii(data, 0, 7) === 'pixgen\0') {
      // Keyword, two bytes about compression (none), language, translated keyword: each ends with a zero.
      let start = 9;
      for (let zeros = 0; zeros < 2 && start < data.length; start += 1) if (data[start] === 0) zeros += 1;
      return data[7] === 0 ? utf8.decode(data.subarray(start)) : null;
    }
    at += 12 + length;
  }
  return null;
}

/** Chunks of a WebP: four letters, length in little endian, data, padded to an even length. */
function chunkOfWebp(bytes: Uint8Array, name: string): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (ascii(bytes, at, 4) === name) return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length % 2);
  }
  return null;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function recipeOfXmp(xmp: Uint8Array | null): string | null {
  if (xmp === null) return null;
  const [, double, single] = /pixgen:recipe=(?:"([^"]*)"|'([^']*)')/.exec(utf8.decode(xmp)) ?? [];
  const value = double ?? single;
  return (
    value?.replace(/&(?:#(\d+)|(\w+));/g, (all, code?: string, name?: string) =>
      code ? String.fromCodePoint(Number(code)) : (ENTITIES[name ?? ''] ?? all),
    ) ?? null
  );
}

/** What is missing or has another type falls back to what every picture has; without prompt and seed there is no recipe. */
function toRecipe(json: unknown, format: FileRecipe['format']): FileRecipe | null {
  if (typeof json !== 'object' || json === null) return null;
  const raw = json as Record<string, unknown>;
  const number = (name: string, otherwise: number): number => {
    const value = raw[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
  };
  if (typeof raw.prompt !== 'string' || typeof raw.seed !== 'number') return null;
  const usual = PROFILES.sdxl;
  return {
    triggerWord: TRIGGER.exec(raw.prompt)?.[1]?.toLowerCase() ?? null,
    prompt: withoutTrigger(raw.prompt),
    negativePrompt: typeof raw.negativePrompt === 'string' ? raw.negativePrompt : '',
    seed: raw.seed,
    steps: number('steps', usual.steps),
    guidance: number('guidance', usual.guidance),
    width: number('width', usual.size.default),
    height: number('height', usual.size.default),
    loraWeight: number('loraWeight', 1),
    scheduler: SCHEDULERS.find((name) => name === raw.scheduler) ?? usual.scheduler,
    draft: raw.draft === true,
    format,
  };
}

const TRIGGER = /(?<![\p{L}\p{N}_])(sks_[a-z0-9]{6})(?: [a-z]{2,20})?/iu;

/**
 * A file holds what the model read, with the trigger word of the model that drew it. The word after it is the class, which
 * whoever restores the recipe has one of their own for.
 */
function withoutTrigger(prompt: string): string {
  return prompt.replace(new RegExp(TRIGGER, 'giu'), '{subject}');
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
