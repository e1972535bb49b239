import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const app = import.meta.dirname;
const segments = globSync('**/page.tsx', { cwd: app }).map((page) => path.dirname(page));

it('finds the pages', () => {
  expect(segments.length).toBeGreaterThan(15);
});

it.each(segments)('%s has a loading, an error and a not-found page', (segment) => {
  for (const file of ['loading.tsx', 'error.tsx', 'not-found.tsx']) {
    expect(existsSync(path.join(app, segment, file)), `${segment}/${file}`).toBe(true);
  }
});

it('has a page for when even the root layout fails', () => {
  expect(existsSync(path.join(app, 'global-error.tsx'))).toBe(true);
});
