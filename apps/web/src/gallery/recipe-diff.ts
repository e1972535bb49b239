/** Where two recipes differ. Pure. */
import type { ImageDetailView, ImageFormat } from '@pixgen/domain';
import type { Messages, Words } from '@/language/messages';
import { SCHEDULER_WORDS } from '../generation/draw-input';

const FORMAT_WORDS: Record<ImageFormat, string> = { png: 'PNG', webp: 'WebP' };

type Part = keyof Messages['gallery']['facts'];
/** `part` is the key of its label in the messages. */
export type DiffRow = { part: Part; a: string; b: string; differs: boolean };

/** Every part of a recipe, in reading order; what neither has is left out. */
export function recipeDiff(t: Words<'gallery'>, a: ImageDetailView, b: ImageDetailView): DiffRow[] {
  const parts: readonly [part: Part, read: (image: ImageDetailView) => string][] = [
    ['prompt', (image) => image.prompt],
    ['negative', (image) => image.settings.negativePrompt],
    ['model', (image) => image.modelName],
    ['pack', (image) => (image.pack ? t('packVersion', { name: image.pack.name, version: image.pack.version }) : '')],
    ['seed', (image) => String(image.seed)],
    ['size', (image) => `${image.width} × ${image.height}`],
    ['steps', (image) => String(image.settings.steps)],
    ['guidance', (image) => String(image.settings.guidance)],
    ['likeness', (image) => String(image.settings.loraWeight)],
    ['sampler', (image) => SCHEDULER_WORDS[image.settings.scheduler]],
    ['draft', (image) => t(image.settings.draft ? 'yes' : 'no')],
    ['format', (image) => FORMAT_WORDS[image.settings.format]],
  ];
  return parts.flatMap(([part, read]) => {
    const [left, right] = [read(a), read(b)];
    // Two models may have the same name.
    const differs = left !== right || (part === 'model' && a.modelId !== b.modelId);
    return left === '' && right === '' ? [] : [{ part, a: left || '–', b: right || '–', differs }];
  });
}

export type Piece = { text: string; own: boolean };

/** Beyond this many words on a side the table of the comparison would be large; the texts stand as they are then. */
const MAX_WORDS = 400;

/** Two texts in pieces, those that the other one lacks marked as its own: the longest common run of words stays unmarked. */
export function diffWords(a: string, b: string): { a: Piece[]; b: Piece[] } {
  const [left, right] = [split(a), split(b)];
  if (left.length > MAX_WORDS || right.length > MAX_WORDS) {
    return { a: [{ text: a, own: a !== b }], b: [{ text: b, own: a !== b }] };
  }
  // Length of the longest common subsequence of what is left from each pair of positions on.
  const width = right.length + 1;
  const common = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const below = common[(i + 1) * width + j] ?? 0;
      const beside = common[i * width + j + 1] ?? 0;
      common[i * width + j] =
        left[i] === right[j] ? 1 + (common[(i + 1) * width + j + 1] ?? 0) : Math.max(below, beside);
    }
  }
  const pieces = { a: [] as Piece[], b: [] as Piece[] };
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      push(pieces.a, left[i++], false);
      push(pieces.b, right[j++], false);
    } else if (
      j >= right.length ||
      (i < left.length && (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
    ) {
      push(pieces.a, left[i++], true);
    } else push(pieces.b, right[j++], true);
  }
  return pieces;
}

/** Words and what stands between them, so that the pieces together are the text. */
function split(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+/gu) ?? [];
}

function push(pieces: Piece[], text = '', own = false): void {
  const last = pieces.at(-1);
  if (last && last.own === own) last.text += text;
  else pieces.push({ text, own });
}
