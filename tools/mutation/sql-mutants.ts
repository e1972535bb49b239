/**
 * Edits of SQL inside a TypeScript string. The text is cut into tokens, not parsed: statements here are put together from
 * parts, and a part alone is no statement.
 */

/** One text edit, from a place in the text it was given. */
export type Edit = { start: number; end: number; after: string };

type Token = {
  kind: 'word' | 'name' | 'string' | 'number' | 'sign' | 'hole';
  text: string;
  start: number;
  end: number;
};

const TOKENS =
  /(?<space>\s+|--[^\n]*)|(?<string>'(?:[^']|'')*')|(?<name>"[^"]*")|(?<number>\d+(?:\.\d+)?)|(?<word>\$?\w+)|(?<sign><=|>=|<>|@>|<@|->>|->|::|\|\||.)/gs;

const OPENING = /^[([]$/;
const CLOSING = /^[)\]]$/;
/** What ends a condition at its own depth. */
const AFTER_CONDITION =
  /^(AND|OR|ORDER|GROUP|RETURNING|FOR|LIMIT|UNION|THEN|LEFT|JOIN|WHERE|ON|END|ELSE|WHEN|SELECT|AS|SET|FROM)$/;
const BEFORE_CONDITION = /^(WHERE|ON|AND|OR|WHEN)$/;

/** States of a job, in a circle: each literal becomes the next. */
const STATES = ['queued', 'dispatching', 'running', 'succeeded', 'failed', 'cancelled', 'expired'];
const SWAPPED: Record<string, string> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '@>': '<@',
  '<@': '@>',
};

/** True for text that a database is given. */
export function isSql(text: string): boolean {
  return /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|CASE WHEN|NOT EXISTS|FROM)\b/.test(text);
}

/**
 * @param text SQL as written in the source
 * @param holes spans of `text` that are not SQL (`${…}`)
 * @param isUsed whether a name is used elsewhere, so that its part of a statement cannot go
 */
export function sqlEdits(
  text: string,
  holes: readonly { start: number; end: number }[],
  isUsed: (name: string) => boolean,
): Edit[] {
  const tokens = tokenise(text, holes);
  const conditions = findConditions(tokens);
  return [
    ...conditions.map(({ from, to, neutral }) => ({ ...span(tokens, from, to), after: neutral })),
    ...tokens.flatMap((_, at) => tokenEdits(tokens, at, conditions)),
    ...settings(tokens),
    ...droppedParts(tokens, isUsed),
  ];
}

function tokenise(text: string, holes: readonly { start: number; end: number }[]): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const read = (until: number): void => {
    TOKENS.lastIndex = at;
    for (let match = TOKENS.exec(text); match && match.index < until; match = TOKENS.exec(text)) {
      const kind = (['string', 'name', 'number', 'word', 'sign'] as const).find((name) => match?.groups?.[name]);
      const end = Math.min(match.index + match[0].length, until);
      if (kind) tokens.push({ kind, text: text.slice(match.index, end), start: match.index, end });
      TOKENS.lastIndex = end;
    }
  };
  for (const hole of holes) {
    read(hole.start);
    tokens.push({ kind: 'hole', text: text.slice(hole.start, hole.end), ...hole });
    at = hole.end;
  }
  read(text.length);
  return tokens;
}

const span = (tokens: readonly Token[], from: number, to: number): { start: number; end: number } => ({
  start: tokens[from]?.start ?? 0,
  end: tokens[to]?.end ?? 0,
});

/** The last token before one that `ends` at the depth where `from` stands. */
function lastBefore(tokens: readonly Token[], from: number, ends: (token: Token) => boolean): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    if (depth === 0 && (CLOSING.test(token.text) || ends(token))) return at - 1;
    if (OPENING.test(token.text)) depth += 1;
    if (CLOSING.test(token.text)) depth -= 1;
  }
  return tokens.length - 1;
}

type Condition = { from: number; to: number; neutral: string };

/** Each part of a condition, with what makes it count for nothing. */
function findConditions(tokens: readonly Token[]): Condition[] {
  return tokens.flatMap((token, before) => {
    const isFirstInBrackets = token.text === '(';
    if (!isFirstInBrackets && !(token.kind === 'word' && BEFORE_CONDITION.test(token.text))) return [];
    const from = before + 1;
    if (tokens[from]?.text === 'CONFLICT') return [];
    const to = lastBefore(
      tokens,
      from,
      ({ kind, text }) => text === ',' || (kind === 'word' && AFTER_CONDITION.test(text)),
    );
    const next = tokens[to + 1]?.text;
    if (to < from || (isFirstInBrackets && next !== 'OR' && next !== 'AND')) return [];
    if (isFirstInBrackets && tokens[from]?.text === 'SELECT') return [];
    return [{ from, to, neutral: token.text === 'OR' || next === 'OR' ? 'false' : 'true' }];
  });
}

function tokenEdits(tokens: readonly Token[], at: number, conditions: readonly Condition[]): Edit[] {
  const token = tokens[at];
  if (!token) return [];
  const before = tokens[at - 1]?.text ?? '';
  const next = tokens[at + 1]?.text ?? '';
  const here = { start: token.start, end: token.end };
  const phrase = (words: readonly string[]): boolean => words.every((word, index) => tokens[at + index]?.text === word);
  const drop = (to: number): Edit[] => [{ ...span(tokens, at, to), after: '' }];
  if (token.kind === 'sign') {
    const swapped = SWAPPED[token.text];
    if (swapped && next !== '>') return [{ ...here, after: swapped }];
    const isComparison = conditions.some(({ from, to }) => from <= at && at <= to);
    return token.text === '=' && isComparison ? [{ ...here, after: '<>' }] : [];
  }
  if (token.kind === 'string') return [{ ...here, after: otherLiteral(token.text) }];
  if (token.kind === 'number') {
    return /^(BY|,)$/.test(before) && tokens.slice(0, at).some(({ text }) => text === 'GROUP')
      ? []
      : [{ ...here, after: String(Number(token.text) + 1) }];
  }
  if (token.kind !== 'word') return [];
  switch (token.text) {
    case 'FOR': {
      const to = lastBefore(tokens, at, ({ text }) => text === 'RETURNING');
      return phrase(['FOR', 'UPDATE']) || phrase(['FOR', 'NO', 'KEY', 'UPDATE']) ? drop(to) : [];
    }
    case 'SKIP':
      return drop(at + 1);
    case 'ON':
      return next === 'CONFLICT' ? drop(lastBefore(tokens, at + 1, ({ text }) => text === 'RETURNING')) : [];
    case 'ORDER':
      return before === ')' || phrase(['ORDER', 'BY'])
        ? drop(lastBefore(tokens, at, ({ text }) => /^(FOR|LIMIT|RETURNING)$/.test(text)))
        : [];
    case 'LIMIT':
      return drop(at + 1);
    case 'DISTINCT':
    case 'LEFT':
    case 'NOT':
      return drop(at);
    case 'OR':
      return [{ ...here, after: 'AND' }];
    case 'NULL':
      return before === 'IS' ? [{ ...here, after: 'NOT NULL' }] : [];
    case 'IN':
    case 'EXISTS':
      return before === 'NOT' ? [] : [{ ...here, after: `NOT ${token.text}` }];
    case 'coalesce': {
      const from = at + 2;
      return [
        {
          ...span(tokens, at, lastBefore(tokens, from, () => false) + 1),
          after: textOf(
            tokens,
            from,
            lastBefore(tokens, from, ({ text }) => text === ','),
          ),
        },
      ];
    }
    default:
      return [];
  }
}

const textOf = (tokens: readonly Token[], from: number, to: number): string =>
  tokens
    .slice(from, to + 1)
    .map(({ text }) => text)
    .join('')
    .replace(/(\w)(AND|OR)(\W)/g, '$1 $2 $3');

function otherLiteral(quoted: string): string {
  const text = quoted.slice(1, -1);
  const state = STATES.indexOf(text);
  if (state >= 0) return `'${STATES[(state + 1) % STATES.length]}'`;
  if (text === 'off') return `'on'`;
  const [, amount, unit] = /^(\d+)( \w+)$/.exec(text) ?? [];
  if (amount) return `'${Number(amount) + 1}${unit}'`;
  return `'${text}x'`;
}

/** One setting of several left out: `SET a = 1, b = 2`, or a text that is such a list. */
function settings(tokens: readonly Token[]): Edit[] {
  const starts = tokens.flatMap(({ text }, at) => (text === 'SET' && tokens[at + 1]?.text !== 'LOCAL' ? [at + 1] : []));
  if (tokens[1]?.text === '=') starts.push(0);
  return starts.flatMap((start) => {
    const end = lastBefore(tokens, start, ({ text }) => /^(FROM|WHERE|RETURNING)$/.test(text));
    const items: { from: number; to: number }[] = [];
    for (let from = start; from <= end; ) {
      const to = Math.min(
        end,
        lastBefore(tokens, from, ({ text }) => text === ','),
      );
      items.push({ from, to });
      from = to + 2;
    }
    if (items.length < 2) return [];
    return items.map(({ from, to }, index) => ({
      ...(index === 0 ? span(tokens, from, to + 1) : span(tokens, from - 1, to)),
      after: '',
    }));
  });
}

/** A part that only writes, made to do nothing. */
function droppedParts(tokens: readonly Token[], isUsed: (name: string) => boolean): Edit[] {
  return tokens.flatMap((token, at) => {
    const [as, bracket, verb] = [tokens[at + 1], tokens[at + 2], tokens[at + 3]];
    if (token.kind !== 'word' || as?.text !== 'AS' || bracket?.text !== '(' || isUsed(token.text)) return [];
    if (!verb || !(verb.kind === 'hole' || /^(INSERT|UPDATE|DELETE)$/.test(verb.text))) return [];
    return [
      {
        ...span(
          tokens,
          at + 3,
          lastBefore(tokens, at + 3, () => false),
        ),
        after: 'SELECT 1',
      },
    ];
  });
}
