import { type ClassValue, clsx } from 'clsx';

/**
 * Kinds of classes that components let their callers replace. tailwind-merge knows all of Tailwind and weighs 9 kB in
 * every page; these are the kinds in use here.
 */
const KINDS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['display', /^(block|inline|inline-block|flex|inline-flex|grid|inline-grid|contents|hidden)$/],
  ['size', /^size-/],
  ['width', /^w-/],
  ['height', /^h-/],
  ['padding', /^p-/],
  ['padding-x', /^px-/],
  ['padding-y', /^py-/],
  ['radius', /^rounded-(?!(t|b|l|r|s|e|tl|tr|bl|br|ss|se|es|ee)(-|$))/],
  ['background', /^bg-(?!linear|clip|origin|cover|contain|center|no-repeat)/],
  ['font-size', /^text-(xs|sm|base|lg|\d?xl|\[)/],
  ['text-align', /^text-(left|center|right|start|end)$/],
  ['text-color', /^text-(?!wrap|nowrap|balance|pretty|ellipsis|clip)/],
  ['border-color', /^border-(?!([trblxyse]|\d|\[|dashed|dotted|solid|none|double|collapse)(-|$))/],
  ['opacity', /^opacity-/],
  ['transition', /^transition/],
  ['white-space', /^whitespace-/],
  ['weight', /^font-(medium|semibold|bold|normal)$/],
];

/** Joins class names; a later class wins over an earlier one of the same kind under the same variants. */
export function cn(...classes: ClassValue[]): string {
  const seen = new Set<string>();
  const kept: string[] = [];
  for (const name of clsx(classes).split(/\s+/).reverse()) {
    const key = keyOf(name);
    if (name === '' || (key !== null && seen.has(key))) continue;
    if (key !== null) seen.add(key);
    kept.unshift(name);
  }
  return kept.join(' ');
}

/** `hover:bg-sunken` → `hover:background`; null for kinds that never conflict here. */
function keyOf(name: string): string | null {
  // The last colon outside of brackets ends the variants.
  let depth = 0;
  let start = 0;
  for (let at = 0; at < name.length; at++) {
    const letter = name[at];
    if (letter === '[' || letter === '(') depth++;
    else if (letter === ']' || letter === ')') depth--;
    else if (letter === ':' && depth === 0) start = at + 1;
  }
  const utility = name.slice(start);
  const kind = KINDS.find(([, pattern]) => pattern.test(utility));
  return kind ? name.slice(0, start) + kind[0] : null;
}
