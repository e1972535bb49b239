import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findHardCoded } from './hard-coded';

const repository = path.join(import.meta.dirname, '../../../..');
const files = globSync(['apps/web/src/**/*.{ts,tsx}', 'packages/ui/src/**/*.{ts,tsx}'], { cwd: repository }).filter(
  (file) => !/\.test\.tsx?$/.test(file),
);
const inFile = (file: string) =>
  findHardCoded(file, readFileSync(path.join(repository, file), 'utf8')).map(
    ({ line, text }) => `${file}:${line} ${text}`,
  );

/**
 * Files that may hold English sentences, with the reason. This list only gets shorter: a file in it that holds none any
 * more fails as well.
 */
const STILL_ENGLISH: Record<string, string> = {
  'apps/web/src/env.ts': 'read by operators, as the log',
  'apps/web/src/dev/component-gallery.tsx': 'seen in development only',
  'apps/web/src/dev/tokens.tsx': 'seen in development only',
  'apps/web/src/app/components/page.dev.tsx': 'seen in development only',
  'apps/web/src/app/manifest.ts': 'read once when the app is installed, without a person asking',
  'apps/web/src/training/plan.ts': 'writes times in the symbols of units, which it also reads',
  'apps/web/src/proxy.ts': 'an answer for programs that send broken addresses',
  'apps/web/src/language/last-words.ts': 'has every language in itself: nothing else is there when it is needed',
};

it('reads the whole app', () => {
  expect(files.length).toBeGreaterThan(250);
});

it.each(files.filter((file) => !(file in STILL_ENGLISH)))('%s holds no words for people', (file) => {
  expect(inFile(file)).toEqual([]);
});

it.each(Object.keys(STILL_ENGLISH))('%s is still on the list for a reason', (file) => {
  expect(inFile(file)).not.toEqual([]);
});

describe('what counts as words for people', () => {
  const texts = (source: string) => findHardCoded('a.tsx', source).map(({ text }) => text);

  it.each([
    ['text between tags', 'const a = <p>Sign in</p>;'],
    ['a single word', 'const a = <b>go</b>;'],
    ['an attribute that is read out', 'const a = <input aria-label="Search" />;'],
    ['a template in it', `const a = <img alt={\`Picture \${n}\`} />;`],
    ['either side of a choice', "const a = <p>{busy ? 'wait' : t('go')}</p>;"],
    ['what a button is named by', 'const a = <Form action="Rename" />;'],
    ['a word that also names a key', "const items = [{ label: 'Delete' }];"],
    ['what stands in for nothing', "const a = <p>{name ?? 'nobody'}</p>;"],
    ['a label in a table', "const items = [{ label: 'home', href: '/' }];"],
    ['words by state', "const WORDS = { ready: 'Ready' };"],
    ['a sentence anywhere', "onFault('There is no recipe in this file.');"],
    ['what a note says', `toast(\`Deleted \${name}\`);`],
    ['what a function says', `function say() { return \`\${n} min left\`; }`],
    ['parts that are put together', "const a = <p>{[t('a'), 'again'].join(', ')}</p>;"],
  ])('%s', (_, source) => {
    expect(texts(source)).toHaveLength(1);
  });

  it.each([
    ['a message', "const a = <p title={t('home.title')}>{t.rich('text', { b: (words) => <b>{words}</b> })}</p>;"],
    ['classes', "const a = <p className={cn('flex Gap-2', on && 'bg-ink text-paper')}>{icon}</p>;"],
    ['addresses and types', 'const a = <a href="/home"><input type="text" name="email" /></a>;'],
    ['names of things', 'const a = <h1>PixGen</h1>;'],
    ['comparisons', "if (event.key === 'Escape' || mode === 'Dark') stop();"],
    ['errors for programmers', "throw new Error('Nobody signed in here.');"],
    ['where a form goes', 'const a = <form action="/gallery" />;'],
  ])('not %s', (_, source) => {
    expect(texts(source)).toEqual([]);
  });

  it('not the names of keys, in the table of the keys only', () => {
    const source = "const all = [{ label: 'Space' }, { label: 'Delete' }];";
    expect(findHardCoded('apps/web/src/keys/registry.ts', source)).toEqual([]);
    expect(findHardCoded('apps/web/src/models/keys.ts', source)).toHaveLength(2);
  });
});
