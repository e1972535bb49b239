/** Mutants of one source file: each is one small edit that a good test must notice. Always the same for the same text. */
import { parseAst } from 'vitest/node';
import { type Edit, isSql, sqlEdits } from './sql-mutants.ts';

export type Mutant = Edit & { line: number; before: string };

/** What the walk reads of a syntax tree (ESTree). */
type Node = { type: string; start: number; end: number; [key: string]: unknown };

const OPERATORS: Record<string, string> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
};
const METHODS: Record<string, string> = { some: 'every', every: 'some' };
/** Settings whose values decide how fast something is and never what it does: batch sizes, names of prepared statements. */
const FOR_SPEED = /^(maxBatch|maxInFlight|name)$/;

/** All mutants of a TypeScript source, in order of place. */
export function mutantsOf(source: string): Mutant[] {
  const edits: Edit[] = [];
  visit(parseAst(source, { lang: 'ts' }) as unknown as Node, null, { source, edits });
  const seen = new Set<string>();
  return edits
    .filter(({ start, end, after }) => {
      const key = `${start} ${end} ${after}`;
      return source.slice(start, end) !== after && !seen.has(key) && seen.add(key);
    })
    .toSorted((one, other) => one.start - other.start || one.end - other.end || (one.after < other.after ? -1 : 1))
    .map((edit) => ({
      ...edit,
      line: source.slice(0, edit.start).split('\n').length,
      before: source.slice(edit.start, edit.end),
    }));
}

export function applyMutant(source: string, { start, end, after }: Edit): string {
  return source.slice(0, start) + after + source.slice(end);
}

/** `count` of them, drawn with a seed; the same ones for the same seed. */
export function sample<T>(items: readonly T[], count: number, seed: number): T[] {
  let state = seed;
  const drawn = new Set<number>();
  while (drawn.size < Math.min(count, items.length)) {
    // Lehmer's generator: enough for a draw, and the same on every machine.
    state = (state * 48_271) % 0x7fffffff;
    drawn.add(state % items.length);
  }
  return items.filter((_, index) => drawn.has(index));
}

type Walk = { source: string; edits: Edit[] };

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** Types have no effect when the code runs; imports and exports only name things. */
function isSkipped({ type }: Node): boolean {
  const hasValue = /^TS(As|Satisfies|NonNull)/.test(type);
  return (type.startsWith('TS') && !hasValue) || /^(Import|ExportAll)/.test(type);
}

function visit(node: Node, parent: Node | null, walk: Walk): void {
  if (isSkipped(node)) return;
  walk.edits.push(...editsOf(node, parent, walk.source));
  for (const [key, value] of Object.entries(node)) {
    const isName = (key === 'key' || key === 'property') && node.computed !== true;
    if (isName || (node.type === 'Property' && isNode(node.key) && FOR_SPEED.test(String(node.key.name)))) continue;
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, node, walk);
  }
}

function editsOf(node: Node, parent: Node | null, source: string): Edit[] {
  const here = { start: node.start, end: node.end };
  const text = source.slice(node.start, node.end);
  const child = (key: string): Node => node[key] as Node;
  const textOf = (key: string): string => source.slice(child(key).start, child(key).end);
  switch (node.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
      // Of a comparison or a negation alone, the edit of its operator is the same.
      if (/^(Binary|Unary)/.test(child('test').type)) return [];
      return [{ start: child('test').start, end: child('test').end, after: `!(${textOf('test')})` }];
    case 'BinaryExpression':
    case 'LogicalExpression': {
      const [left, right] = [child('left'), child('right')];
      const operator = String(node.operator);
      if (operator === '??') return [{ ...here, after: textOf('right') }];
      const between = source.slice(left.end, right.start);
      const start = left.end + between.indexOf(operator);
      const other = OPERATORS[operator];
      return other ? [{ start, end: start + operator.length, after: other }] : [];
    }
    case 'UnaryExpression':
      return node.operator === '!' ? [{ ...here, after: textOf('argument') }] : [];
    case 'ExpressionStatement':
      return parent?.type === 'Program' ? [] : [{ ...here, after: ';' }];
    case 'ReturnStatement':
      return isNode(node.argument) ? returnEdits(node, node.argument, source) : [{ ...here, after: ';' }];
    case 'CallExpression': {
      const { callee } = node;
      if (!isNode(callee) || !isNode(callee.property)) return [];
      const { start, end } = callee.property;
      const other = METHODS[source.slice(start, end)];
      return other ? [{ start, end, after: other }] : [];
    }
    case 'ArrayExpression':
      return elementEdits(node, source);
    case 'TemplateLiteral':
      return templateEdits(node, parent, source);
    case 'Literal':
      return literalEdits(text, here, source);
    default:
      return [];
  }
}

/** An early `return null` goes; another result becomes nothing. */
function returnEdits(node: Node, argument: Node, source: string): Edit[] {
  const text = source.slice(argument.start, argument.end);
  if (text === 'null' || text === 'false') return [{ start: node.start, end: node.end, after: ';' }];
  return [{ start: argument.start, end: argument.end, after: 'null as never' }];
}

/** One constant of several left out. */
function elementEdits(node: Node, source: string): Edit[] {
  const elements = (node.elements as unknown[]).filter(isNode);
  if (!elements.every(({ type }) => type === 'Literal')) return [];
  return elements
    .map(({ start, end }, index) => {
      const next = elements[index + 1];
      const previous = elements[index - 1];
      if (next) return { start, end: next.start, after: '' };
      return { start: previous?.end ?? start, end, after: '' };
    })
    .filter(({ start, end }) => source.slice(start, end) !== '');
}

function templateEdits(node: Node, parent: Node | null, source: string): Edit[] {
  const [start, end] = [node.start + 1, node.end - 1];
  const text = source.slice(start, end);
  const quasis = (node.quasis as unknown[]).filter(isNode);
  const holes = quasis.slice(1).map((quasi, index) => {
    const from = quasis[index];
    const left = source.indexOf('${', from?.start === undefined ? start : endOfQuasi(from, source));
    return { start: left - start, end: startOfQuasi(quasi, source) - start };
  });
  if (!isSql(text.replace(/\$\{[^}]*\}/g, ''))) return text === '' ? [] : [{ start: end, end, after: 'x' }];
  return shifted(sqlTextEdits(text, holes, source, parent), start);
}

/** Parsers do not agree on whether the borders of a text part count as part of it. */
const endOfQuasi = (quasi: Node, source: string): number =>
  source.startsWith('${', quasi.end) ? quasi.end : quasi.end - 2;
const startOfQuasi = (quasi: Node, source: string): number =>
  source[quasi.start] === '}' ? quasi.start + 1 : quasi.start;

function literalEdits(text: string, here: { start: number; end: number }, source: string): Edit[] {
  if (/^['"]/.test(text)) {
    const inside = text.slice(1, -1);
    if (isSql(inside)) return shifted(sqlTextEdits(inside, [], source, null), here.start + 1);
    return [{ ...here, after: inside === '' ? `'x'` : `${text.slice(0, -1)}x${text.at(-1)}` }];
  }
  if (/^\d/.test(text)) return [{ ...here, after: String(Number(text.replaceAll('_', '')) + 1) }];
  if (text === 'true' || text === 'false') return [{ ...here, after: text === 'true' ? 'false' : 'true' }];
  return text.startsWith('/') ? shifted(patternEdits(text), here.start) : [];
}

/** Looser patterns: an anchor gone, a bound moved. */
function patternEdits(text: string): Edit[] {
  return [...text.matchAll(/(?<=^\/)\^|\$(?=\/\w*$)|(?<=[{,])\d+(?=[,}])/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    after: /\d/.test(match[0]) ? String(Number(match[0]) + 1) : '',
  }));
}

function sqlTextEdits(
  text: string,
  holes: { start: number; end: number }[],
  source: string,
  parent: Node | null,
): Edit[] {
  const isUsed = (name: string): boolean => new RegExp(`(FROM|JOIN|USING|,) ${name}\\b|\\b${name}\\.`).test(source);
  const edits = sqlEdits(text, holes, isUsed);
  const isWholePart = parent?.type === 'Property' && /^\s*(INSERT|UPDATE|DELETE)\b/.test(text);
  return isWholePart ? [{ start: 0, end: text.length, after: 'SELECT 1' }, ...edits] : edits;
}

const shifted = (edits: Edit[], by: number): Edit[] =>
  edits.map(({ start, end, after }) => ({ start: start + by, end: end + by, after }));
