/** Styles that a prompt can be given with one press: the one list that studio, recipes and API documentation read. */
export type PromptStyle = { id: string; label: string; text: string };

export const PROMPT_STYLES: readonly PromptStyle[] = [
  { id: 'film', label: 'Film', text: '35 mm film photograph, fine grain, natural light' },
  { id: 'studio', label: 'Studio light', text: 'studio portrait, large softbox, plain grey backdrop' },
  { id: 'cinema', label: 'Cinema', text: 'cinematic still, shallow depth of field, teal and amber light' },
  { id: 'golden', label: 'Golden hour', text: 'golden hour, warm backlight, soft shadows' },
  { id: 'noir', label: 'Black and white', text: 'black and white photograph, high contrast' },
  { id: 'watercolour', label: 'Watercolour', text: 'watercolour on rough paper, loose strokes' },
  { id: 'ink', label: 'Ink', text: 'ink drawing, clean lines, white paper' },
  { id: 'clay', label: 'Clay', text: 'clay figure, stop motion, soft studio light' },
];

/** The prompt as it is sent: styles stand behind it, in the order of the list, none twice. */
export function withStyles(prompt: string, ids: readonly string[]): string {
  const { prompt: plain, styles } = splitStyles(prompt);
  const all = new Set([...styles, ...ids]);
  const texts = PROMPT_STYLES.filter(({ id }) => all.has(id)).map(({ text }) => text);
  return [plain, ...texts].filter(Boolean).join(', ');
}

/** A prompt taken apart again: what a person wrote, and the styles that stand behind it. */
export function splitStyles(prompt: string): { prompt: string; styles: string[] } {
  let plain = prompt.trim();
  const styles = new Set<string>();
  for (let again = true; again; ) {
    again = false;
    for (const { id, text } of PROMPT_STYLES) {
      if (plain !== text && !plain.endsWith(`, ${text}`)) continue;
      plain = plain
        .slice(0, plain.length - text.length)
        .replace(/,\s*$/, '')
        .trim();
      styles.add(id);
      again = true;
    }
  }
  return { prompt: plain, styles: PROMPT_STYLES.flatMap(({ id }) => (styles.has(id) ? [id] : [])) };
}

/** What CLIP's text encoders read at once, without the marks of beginning and end. */
export const PROMPT_TOKENS = 75;

/**
 * About how many tokens CLIP makes of a text. Its vocabulary weighs a megabyte and a half, so this counts by rule: a word
 * of up to eight letters is one token, longer ones one more per four letters; digits, signs and letters of other scripts
 * are single tokens. It errs on the high side.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.normalize('NFC').matchAll(/[a-z]+|\p{L}|\p{N}|[^\s\p{L}\p{N}]/giu))
    tokens += piece.length <= 8 ? 1 : 1 + Math.ceil((piece.length - 8) / 4);
  return tokens;
}

/** What an empty prompt may begin with. Prompts are in English in every language of the studio: base models read it best. */
export const PROMPT_IDEAS: readonly string[] = [
  'in a sunlit greenhouse, 50 mm photograph, soft light',
  'on a rainy street at night, neon reflections, film still',
  'studio portrait on grey paper, large softbox, high detail',
  'as a watercolour on rough paper, loose strokes',
];

export const PROMPT_EXAMPLE = 'reading in a sunlit greenhouse, 50 mm photograph, soft light';
