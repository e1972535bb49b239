import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, consentInput, fieldRefusal, LANGUAGES, notFound, say } from '@pixgen/domain';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toAppError } from '../errors.ts';
import { inputFault } from './input-fault.ts';
import { CATALOGUES, tell, tellError, toldIn } from './tell.ts';

const root = join(import.meta.dirname, '../../../..');
const places = (template: string) => [...template.matchAll(/\{\d\}/g)].map(String).toSorted();

describe('the sentences of the API', () => {
  const { templates, loose } = readSources();

  it('are found in its sources', () => {
    expect(templates.size).toBeGreaterThan(130);
    expect(templates).toContain('Use at most {0} photos; there are {1}.');
  });

  it('are the only words that schemas have of their own', () => {
    expect(loose).toEqual([]);
  });

  it.each(Object.entries(CATALOGUES))(
    'are all known in %s, each with its values, and none that is not said any more',
    (_, catalogue) => {
      const worded = [...templates].filter((template) => /\p{L}/u.test(template.replaceAll(/\{\d\}/g, '')));
      expect(Object.keys(catalogue).toSorted()).toEqual(worded.toSorted());
      for (const [template, told] of Object.entries(catalogue))
        expect([template, places(told)]).toEqual([template, places(template)]);
    },
  );
});

it('there is a catalogue for every language but the one in which sentences are written', () => {
  expect(['en', ...Object.keys(CATALOGUES)].toSorted()).toEqual(Object.keys(LANGUAGES).toSorted());
});

describe('telling', () => {
  it('puts values where the language has them, and numbers as it writes them', () => {
    expect(tell(say`${20_000_000} bytes were announced, ${1.5} arrived.`, 'de')).toBe(
      '20.000.000 Bytes waren angekündigt, 1,5 kamen an.',
    );
  });

  it('tells sentences within sentences', () => {
    const refusal = fieldRefusal('photos', say`Use at most ${20} pictures.`);
    expect(tellError(refusal, 'de')).toEqual({
      code: 'INVALID_INPUT',
      message: 'photos: Nimm höchstens 20 Bilder.',
      fields: [{ path: 'photos', message: 'Nimm höchstens 20 Bilder.' }],
    });
    expect(tellError(refusal, 'en').message).toBe('photos: Use at most 20 pictures.');
  });

  it('falls back to English for what a language does not know', () => {
    expect(tell(say`Nobody said this before ${3}.`, 'de')).toBe('Nobody said this before 3.');
  });

  it('may be done for good, with everything else of the error', () => {
    const cause = new Error('why');
    const told = toldIn(new AppError('UNAVAILABLE', say`Send JSON.`, { cause, retryAfterMs: 7 }), 'de');
    expect(told).toMatchObject({ code: 'UNAVAILABLE', message: 'Sende JSON.', cause, retryAfterMs: 7 });
    expect(tell(told.sentence, 'de')).toBe('Sende JSON.');
    expect(toldIn(notFound('model'), 'en').message).toBe('There is no such model.');
  });
});

describe('what a schema refuses', () => {
  const input = z.strictObject({
    name: z.string().max(3),
    n: z.int().min(1).multipleOf(8),
    kind: z.enum(['a', 'b']),
  });
  const told = (value: unknown, language: 'en' | 'de', schema: z.ZodType = input) =>
    Object.fromEntries(
      (schema.safeParse(value).error?.issues ?? []).map((issue) => [
        issue.path.join('.'),
        tell(inputFault(issue), language),
      ]),
    );

  it('is told in every language, with the limit', () => {
    const bad = { name: 'abcd', n: 0, kind: 'c' };
    expect(told(bad, 'de')).toEqual({
      name: 'Zu groß: erwartet, dass string <=3 Zeichen hat',
      n: 'Zu klein: erwartet, dass number >=1 ist',
      kind: 'Ungültige Option: erwartet eine von "a"|"b"',
    });
    expect(told(bad, 'en')).toEqual({
      name: 'Too big: expected string to have <=3 characters',
      n: 'Too small: expected number to be >=1',
      kind: 'Invalid option: expected one of "a"|"b"',
    });
  });

  it('says nothing wrong of what came, which nobody kept', () => {
    expect(told({ name: null, n: 8, kind: 'a' }, 'de')).toEqual({ name: 'Ungültige Eingabe: erwartet string' });
  });

  it('has words of its own in every language where it has them in English', () => {
    const consent = { subject: 'self', accepted: false, adult: false, textVersion: '2026-11-1' };
    expect(told(consent, 'de', consentInput)).toEqual({
      accepted: 'Bestätige die Erklärung, um weiterzugehen.',
      adult: 'PixGen macht keine Modelle von Menschen unter 18, wer auch immer fragt.',
    });
  });

  it('names its field once in the sentence for the whole', () => {
    const refusal = toAppError(input.safeParse({ name: 'abcd', n: 8, kind: 'a' }).error);
    expect(tellError(refusal, 'de').message).toBe('name: Zu groß: erwartet, dass string <=3 Zeichen hat');
  });
});

/** Every template of `say`, and strings that schemas are given as messages past it. */
function readSources() {
  const files = globSync(
    ['packages/{domain,core,trpc,storage,queue,db}/src/**/*.ts', 'apps/{api,worker}/src/**/*.ts'],
    {
      cwd: root,
    },
  ).filter((file) => !/\.test\.ts$|generated|testing/.test(file));
  const templates = new Set<string>();
  const loose: string[] = [];
  for (const file of files) {
    const source = readFileSync(join(root, file), 'utf8');
    if (!/say`|z\./.test(source)) continue;
    walk(parseSync(file, source).program as unknown as Node, (node) => {
      if (node.type === 'TaggedTemplateExpression' && node.tag?.name === 'say') {
        const texts = node.quasi?.quasis.map((part) => part.value.cooked) ?? [];
        templates.add(texts.map((text, at) => (at === 0 ? text : `{${at - 1}}${text}`)).join(''));
      }
      // `{ error: 'words' }`, `.regex(PATTERN, 'words')`
      const isMessage = node.type === 'Property' && node.key?.name === 'error';
      if (!file.startsWith('packages/')) return;
      const text = isMessage ? node.value : node.callee?.property?.name === 'regex' ? node.arguments?.[1] : undefined;
      if (text?.type === 'Literal' || text?.type === 'TemplateLiteral')
        loose.push(`${file}: ${source.slice(node.start, node.end)}`);
    });
  }
  return { templates, loose };
}

type Node = {
  type: string;
  start: number;
  end: number;
  tag?: { name?: string };
  quasi?: { quasis: { value: { cooked: string } }[] };
  key?: { name?: string };
  value?: { type?: string };
  callee?: { property?: { name?: string } };
  arguments?: { type?: string }[];
};

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const value of Object.values(node)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'object' && one !== null && typeof (one as Node).type === 'string') walk(one as Node, visit);
    }
  }
}
