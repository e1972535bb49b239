import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type MessageFormatElement, parse, TYPE } from '@formatjs/icu-messageformat-parser';
import { createTranslator } from 'next-intl';
import { describe, expect, it } from 'vitest';
import { LANGUAGES, type Locale } from './locales';
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

/** Names of placeholders and tags, and how each is used. */
function placeholders(elements: readonly MessageFormatElement[]): string[] {
  const all = elements.flatMap((element): string[] => {
    if (element.type === TYPE.literal || element.type === TYPE.pound) return [];
    if (element.type === TYPE.tag) return [`<${element.value}>`, ...placeholders(element.children)];
    const nested =
      element.type === TYPE.plural || element.type === TYPE.select
        ? Object.values(element.options).flatMap(({ value }) => placeholders(value))
        : [];
    return [element.value, ...nested];
  });
  return [...new Set(all)].sort();
}

it('has a file for every language, and no other', () => {
  expect(globSync('*.json', { cwd: folder }).sort()).toEqual(
    Object.keys(LANGUAGES)
      .map((one) => `${one}.json`)
      .sort(),
  );
});

describe.each([...Object.keys(LANGUAGES), 'en-XA'])('the messages in %s', (language) => {
  const messages = language === 'en-XA' ? pseudoMessages(english) : load(language);
  const byKey = new Map(flat(messages));

  it('are those of English, with the same placeholders', () => {
    expect([...byKey.keys()]).toEqual(flat(english).map(([key]) => key));
    const differing = flat(english).filter(
      ([key, message]) => placeholders(parse(message)).join() !== placeholders(parse(byKey.get(key) ?? '')).join(),
    );
    expect(differing).toEqual([]);
  });

  it('say money, sizes and numbers as the language writes them', () => {
    const t = createTranslator({ locale: language as Locale, messages, namespace: 'jobs', timeZone: 'UTC' });
    const cost = t('money.amount', { usd: 1234.5 });
    expect(cost.replace(/[[\]\s]/g, '')).toBe(language === 'de' ? '1.234,50$' : '$1,234.50');
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
    const message = 'Add {count, plural, one {# photo} other {# photos}} to <b>{name}</b>';
    const pseudo = pseudoMessage(message);
    expect(pseudo).toMatch(/^\[.*\]$/);
    expect(placeholders(parse(pseudo))).toEqual(placeholders(parse(message)));
    expect(pseudo).toContain('þħöö'.replace('ħ', 'ĥ'));
    const visible = flat(english).filter(([, text]) => !text.includes('{') && !text.includes('<'));
    for (const [key, text] of visible) {
      const letters = text.replace(/[^a-z]/gi, '').length;
      expect(pseudoMessage(text).length, key).toBeGreaterThanOrEqual(text.length + letters * 0.4);
      expect(pseudoMessage(text), key).not.toMatch(/[a-zA-Z]/);
    }
  });
});
