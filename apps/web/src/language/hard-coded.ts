/**
 * Finds words for people that stand in the source instead of in the messages. It walks the syntax tree: text between tags,
 * attributes and properties that are read out or shown, and any other string that reads as a sentence.
 */
import { parseSync } from 'oxc-parser';

export type HardCoded = { line: number; text: string; start: number; end: number };

/** Whatever stands in these is shown or read out, be it one word. */
const TEXT_NAMES = new Set([
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'aria-valuetext',
  'title',
  'placeholder',
  'alt',
  'label',
  'hint',
  'lead',
  'text',
  'keep',
  'message',
  'reason',
  'action',
  'countLabel',
  'summary',
  'caption',
  'description',
]); // prettier-ignore
/** Never for people. */
const CODE_NAMES =
  /^(class(Names?)?|key|id|href|src|sizes|style|d|viewBox|transform|accept|pattern|type|font|adjustFontFallback|media|authorization|method|sameSite|.*ClassName)$/;
const CODE_CALLS = /^(cn|cva|clsx|t|.*Error|fetch|require|matchMedia|querySelector(All)?|replace(All)?|RegExp)$/;
/** What they are given is shown as it is. */
const SAYING_CALLS = /^(toast|announce)$/;
/** Names of things, the same in every language. */
const NAMES = /^(PixGen|Ctrl|Ctrl K|GPU|LoRA|ComfyUI|[AB]|%s|DPM\+\+ 2M Karras|Euler|DDIM|PNG|WebP|Redis|px|P|\W|\d)+$/;
/** Keys by name: where they are listed, or looked for in a set of them. What is compared with one is never shown anyway. */
const KEYS = /^(Esc|Space|Del|Arrow\w+|Escape|Enter|Home|End|Delete|Backspace)$/;

type Node = { type: string; start: number; end: number; [key: string]: unknown };

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
const hasLetters = (text: string) =>
  /^[^/#].*\p{L}|^\p{L}/su.test(text) && !NAMES.test(text.trim()) && !/^[a-z-]+\(/.test(text);
const readsAsSentence = (text: string) => /^\p{Lu}\p{Ll}*,? \S*\p{Ll}{2}/u.test(text) && hasLetters(text);
const readsAsWords = (text: string) => /^\p{Lu}[\p{L}-]*\p{Ll}$|\p{Ll} | \p{Ll}/u.test(text) && hasLetters(text);

/** How sure it is that people see a string at a place. */
type Shown = 'yes' | 'maybe' | 'no';
const SHOWN: Record<Shown, (text: string) => boolean> = { yes: hasLetters, maybe: readsAsWords, no: readsAsSentence };
const atLeastMaybe = (shown: Shown): Shown => (shown === 'yes' ? 'yes' : 'maybe');

function textIn(node: Node): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type !== 'TemplateLiteral') return null;
  return (node.quasis as Node[]).map((part) => (part.value as { cooked: string }).cooked).join('\u2026');
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'MemberExpression') return nameOf(node.property);
  const { name, value } = node;
  return typeof name === 'string' ? name : isNode(name) ? nameOf(name) : typeof value === 'string' ? value : '';
}

/** @param file its ending tells whether there is JSX in it */
export function findHardCoded(file: string, source: string): HardCoded[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const found: HardCoded[] = [];
  const report = (node: Node, text: string) => {
    if (/\/keys\//.test(file) && KEYS.test(text)) return;
    const line = source.slice(0, node.start).split('\n').length;
    found.push({ line, text: text.trim(), start: node.start, end: node.end });
  };

  /** @param shown whether a string that comes out here is seen by people */
  function walk(node: Node, shown: Shown): void {
    if (/^(Import|ExportAll)/.test(node.type)) return;
    if (/^TS/.test(node.type) && !isNode(node.expression)) return;
    const text = textIn(node);
    if (text !== null && SHOWN[shown](text)) report(node, text);
    switch (node.type) {
      case 'JSXText':
        if (hasLetters(String(node.value))) report(node, String(node.value));
        return;
      case 'JSXAttribute': {
        const name = nameOf(node.name);
        if (isNode(node.value) && !CODE_NAMES.test(name)) walk(node.value, TEXT_NAMES.has(name) ? 'yes' : 'no');
        return;
      }
      case 'JSXElement':
      case 'JSXFragment':
        if (isNode(node.openingElement)) for (const one of node.openingElement.attributes as Node[]) walk(one, 'no');
        for (const child of node.children as Node[]) walk(child, 'yes');
        return;
      case 'JSXExpressionContainer':
        if (isNode(node.expression)) walk(node.expression, shown);
        return;
      case 'ConditionalExpression':
        walk(node.test as Node, 'no');
        walk(node.consequent as Node, atLeastMaybe(shown));
        walk(node.alternate as Node, atLeastMaybe(shown));
        return;
      case 'LogicalExpression':
        walk(node.left as Node, node.operator === '&&' ? 'no' : shown);
        walk(node.right as Node, atLeastMaybe(shown));
        return;
      case 'BinaryExpression':
        for (const side of [node.left, node.right]) walk(side as Node, node.operator === '+' ? shown : 'no');
        return;
      case 'Property': {
        const name = nameOf(node.key);
        if (!CODE_NAMES.test(name)) walk(node.value as Node, TEXT_NAMES.has(name) ? 'yes' : 'maybe');
        return;
      }
      case 'TemplateLiteral':
        for (const part of node.expressions as Node[]) walk(part, shown);
        return;
      case 'CallExpression':
      case 'NewExpression': {
        const callee = node.callee as Node;
        const code =
          CODE_CALLS.test(nameOf(callee)) ||
          (isNode(callee.object) && callee.object.type === 'Identifier' && callee.object.name === 't');
        // `['a', b].filter(Boolean).join(', ')`
        walk(callee, callee.type === 'MemberExpression' ? shown : 'no');
        const said = SAYING_CALLS.test(nameOf(callee)) ? 'yes' : 'no';
        if (!code) for (const one of node.arguments as Node[]) walk(one, said);
        return;
      }
      case 'ReturnStatement':
        if (isNode(node.argument)) walk(node.argument, 'maybe');
        return;
      case 'MemberExpression':
        if (isNode(node.object)) walk(node.object, node.object.type === 'ObjectExpression' ? 'no' : shown);
        return;
      case 'ArrayExpression':
        for (const one of node.elements as (Node | null)[]) if (one) walk(one, atLeastMaybe(shown));
        return;
      default: {
        const through = /^(TSAs|TSSatisfies|TSNonNull|Parenthesized)/.test(node.type) ? shown : 'no';
        for (const value of Object.values(node))
          for (const one of Array.isArray(value) ? value : [value]) if (isNode(one)) walk(one, through);
      }
    }
  }
  walk(program as unknown as Node, 'no');
  return found;
}
