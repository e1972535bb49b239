import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LANGUAGES } from '@pixgen/domain';
import compile from 'icu-minify/compile';
import format from 'icu-minify/format';
import { describe, expect, it } from 'vitest';
import type { Messages } from './messages';
import { pseudoMessage, pseudoMessages } from './pseudo';

type Tree = { [key: string]: string | Tree };
const folder = path.join(import.meta.dirname, 'messages');
const load = (language: string) => JSON.parse(readFileSync(path.join(folder, `${language}.json`), 'utf8'));
const english = load('en');

function flat(tree: Tree, above = ''): [key: string, message: string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[above + key, value]] : flat(value, `${above}${key}.`),
  );
}

type Compiled = ReturnType<typeof compile>;
/** The messages as the build compiles them. */
function compileTree(tree: Tree): unknown {
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [key, typeof value === 'string' ? compile(value) : compileTree(value)]),
  );
}

function compiledFlat(tree: object, above = ''): [key: string, message: Compiled][] {
  return Object.entries(tree).flatMap(([key, value]): [string, Compiled][] =>
    typeof value === 'string' || Array.isArray(value)
      ? [[above + key, value as Compiled]]
      : compiledFlat(value, `${above}${key}.`),
  );
}

/** Names of placeholders and tags. */
function placeholders(message: unknown): string[] {
  const names = (part: unknown): string[] => {
    if (!Array.isArray(part)) return [];
    const [name, kind, ...rest] = part;
    if (kind === undefined) return [name];
    if (typeof kind !== 'number' || kind === 0) return [`<${name}>`, ...part.slice(1).flatMap(names)];
    const choices =
      kind <= 3 ? Object.values(rest[0]).flatMap((one) => (Array.isArray(one) ? one.flatMap(names) : [])) : [];
    return [name, ...choices];
  };
  return [...new Set(Array.isArray(message) ? message.flatMap(names) : [])].sort();
}

/** A message as a page says it. */
function say(message: Compiled, language: string, values: Record<string, string | number>): unknown {
  const formatters = {
    getDateTimeFormat: (...args: ConstructorParameters<typeof Intl.DateTimeFormat>) => new Intl.DateTimeFormat(...args),
    getNumberFormat: (...args: ConstructorParameters<typeof Intl.NumberFormat>) => new Intl.NumberFormat(...args),
    getPluralRules: (...args: ConstructorParameters<typeof Intl.PluralRules>) => new Intl.PluralRules(...args),
  };
  return format(message, language, values, { formatters });
}

it('has a file for every language, and no other', () => {
  expect(globSync('*.json', { cwd: folder }).sort()).toEqual(
    Object.keys(LANGUAGES)
      .map((one) => `${one}.json`)
      .sort(),
  );
});

const compiled = new Map<string, ReadonlyMap<string, Compiled>>([
  ...Object.keys(LANGUAGES).map((one) => [one, new Map(compiledFlat(compileTree(load(one)) as object))] as const),
  ['en-XA', new Map(compiledFlat(pseudoMessages(compileTree(english) as Messages)))],
]);

describe.each([...compiled])('the messages in %s', (language, messages) => {
  const source = compiled.get('en') ?? new Map();

  it('are those of English, with the same placeholders', () => {
    expect([...messages.keys()]).toEqual([...source.keys()]);
    const differing = [...source].filter(
      ([key, message]) => placeholders(message).join() !== placeholders(messages.get(key)).join(),
    );
    expect(differing).toEqual([]);
  });

  it('say money and plurals as the language writes them', () => {
    const jobs = (key: string, values: Record<string, string | number>) =>
      String(say(messages.get(`jobs.${key}`) ?? '', language, values)).replace(/[[\]]/g, '');
    const cost = jobs('money.amount', { usd: 1234.5 });
    expect(cost.replace(/\s/g, '')).toBe(language === 'de' ? '1.234,50$' : '$1,234.50');
    const pictures = (count: number) => String(say(messages.get('gallery.total') ?? '', language, { count }));
    expect(pictures(1)).toMatch({ en: /^1 picture$/, de: /^1 Bild$/ }[language] ?? /^\[1 þîîçţûûŕéé\]$/);
    expect(pictures(2000)).toMatch({ en: /^2,000 pictures$/, de: /^2\.000 Bilder$/ }[language] ?? /^\[2,000 þ/);
  });
});

const sources = globSync('**/*.{ts,tsx}', { cwd: path.join(folder, '../..') })
  .filter((file) => !file.includes('.test.'))
  .map((file) => [file, readFileSync(path.join(folder, '../..', file), 'utf8')] as const);

/**
 * Keys that the source asks for, as patterns: `` t(`states.${state}`) `` asks for all states. What `t` speaks of is told by the
 * namespaces that its file takes, or is told as a type.
 */
function asked(): { namespaces: string[]; pattern: RegExp; where: string }[] {
  return sources.flatMap(([file, source]) => {
    const taken = [...source.matchAll(/(?:use|get)Translations\('(\w+)'\)|Words<'(\w+)'>/g)];
    const namespaces = taken.map((match) => match[1] ?? match[2] ?? '');
    const calls = [...source.matchAll(/\b(?:t|jobWords)(?:\.rich)?\(\s*([^)]*?)(?:, \{|,\n|\)|$)/gm)];
    const literals = calls.flatMap((match) => [...(match[1] ?? '').matchAll(/'([\w.-]+)'|`([^`]+)`/g)]);
    const keys = literals.map((match) => match[1] ?? match[2] ?? '');
    return keys.map((key) => ({
      namespaces,
      where: `${file}: ${key}`,
      pattern: new RegExp(
        `^(${namespaces.join('|')})\\.${key.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '[\\w-]+')}$`,
      ),
    }));
  });
}

describe('the keys', () => {
  const all = flat(english).map(([key]) => key);
  const wanted = asked();

  it('that the source asks for are there', () => {
    expect(wanted.length).toBeGreaterThan(600);
    expect(wanted.filter(({ pattern }) => !all.some((key) => pattern.test(key))).map(({ where }) => where)).toEqual([]);
  });

  it('are all asked for', () => {
    const titles = new Set(
      sources.flatMap(([, source]) => [...source.matchAll(/titled\('(\w+)'\)/g)].map((m) => m[1])),
    );
    const unused = all.filter(
      (key) =>
        !wanted.some(({ pattern }) => pattern.test(key)) && !(key.startsWith('titles.') && titles.has(key.slice(7))),
    );
    // `name` in these is the key of the label: the tables of places and keys.
    expect(unused.filter((key) => !/^shell\.(nav|keys)\./.test(key))).toEqual([]);
  });
});

describe('the pseudo-locale', () => {
  it('is accented, longer and in brackets, and leaves placeholders and tags as they are', () => {
    const message = compile('Add {count, plural, one {# photo} other {# photos}} to <b>{name}</b>');
    const pseudo = pseudoMessage(message);
    expect(placeholders(pseudo)).toEqual(placeholders(message));
    const texts = JSON.stringify(pseudo).match(/"[^"]+"/g);
    expect(texts?.filter((text) => /[A-Za-z]{2}/.test(text))).toEqual(['"count"', '"one"', '"other"', '"name"']);
    const visible = flat(english).filter(([, text]) => !text.includes('{') && !text.includes('<'));
    for (const [key, text] of visible) {
      const letters = text.replace(/[^a-z]/gi, '').length;
      expect(pseudoMessage(text).length, key).toBeGreaterThanOrEqual(text.length + letters * 0.4);
      expect(pseudoMessage(text), key).toMatch(/^\[.*\]$/);
      expect(pseudoMessage(text), key).not.toMatch(/[a-zA-Z]/);
    }
  });
});
