/** Islands find their words: what `useTranslations` asks for in the browser is sent there by a layout above. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const src = path.join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(file, 'utf8');

/** Modules of this app that a module names, also those that are fetched later. */
function importsOf(file: string): string[] {
  const named = [...read(file).matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] ?? '');
  return named.flatMap((name) => {
    const base = name.startsWith('@/') ? path.join(src, name.slice(2)) : path.join(path.dirname(file), name);
    if (!name.startsWith('@/') && !name.startsWith('.')) return [];
    return globSync([`${base.replace(/[[\]()]/g, '[$&]')}.{ts,tsx}`]).slice(0, 1);
  });
}

/** Namespaces that code reached from a module asks for in the browser. */
function neededBy(entry: string): Map<string, string> {
  const needed = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (file: string, inBrowser: boolean) => {
    const here = inBrowser || /^['"]use client/m.test(read(file));
    if (seen.has(`${file} ${here}`)) return;
    seen.add(`${file} ${here}`);
    if (here)
      for (const [, name = ''] of read(file).matchAll(/useTranslations\('(\w+)'\)/g))
        needed.set(name, path.relative(src, file));
    for (const next of importsOf(file)) visit(next, here);
  };
  visit(entry, false);
  return needed;
}

/** Namespaces that the layouts above a page send, its own included. */
function sentTo(page: string): Set<string> {
  const sent = new Set<string>();
  for (let folder = path.dirname(page); folder.startsWith(path.join(src, 'app')); folder = path.dirname(folder)) {
    for (const layout of globSync(['layout.tsx'], { cwd: folder })) {
      const given = /wordsFor\(([^)]*)\)|<Words of=\{\[([^\]]*)\]\}/.exec(read(path.join(folder, layout)));
      for (const [, name = ''] of (given?.[1] ?? given?.[2] ?? '').matchAll(/'(\w+)'/g)) sent.add(name);
    }
  }
  return sent;
}

const pages = globSync(['app/**/{page,layout,error,not-found,loading}.tsx'], { cwd: src }).map((page) =>
  path.join(src, page),
);

it('finds islands in a page, also behind files that are fetched later', () => {
  expect([...neededBy(path.join(src, 'app/(app)/gallery/page.tsx')).keys()]).toContain('gallery');
});

it.each(pages.map((page) => [path.relative(src, page), page] as const))(
  '%s has all words of its islands',
  (_, page) => {
    const sent = sentTo(page);
    expect([...neededBy(page)].filter(([name]) => !sent.has(name))).toEqual([]);
  },
);

it.each(globSync(['app/**/layout.tsx'], { cwd: src }))('%s sends no words that nothing below it needs', (layout) => {
  const folder = path.dirname(path.join(src, layout));
  const own = [...sentTo(path.join(folder, 'layout.tsx'))].filter(
    (name) => !sentTo(path.join(path.dirname(folder), 'layout.tsx')).has(name),
  );
  const below = new Set(
    pages.filter((page) => page.startsWith(`${folder}/`)).flatMap((page) => [...neededBy(page).keys()]),
  );
  expect(own.filter((name) => !below.has(name))).toEqual([]);
});
