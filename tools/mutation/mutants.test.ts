import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAst } from 'vitest/node';
import { repositoryRoot } from '../stack/paths.ts';
import { EQUIVALENT, findEquivalent } from './equivalent.ts';
import { GUARDED } from './guarded.ts';
import { applyMutant, mutantsOf, sample } from './mutants.ts';

/** What each mutant makes of a source. */
const made = (source: string): string[] => mutantsOf(source).map((mutant) => applyMutant(source, mutant));

describe('mutants of TypeScript', () => {
  it.each([
    ['const a = b === c && d;', ['const a = b !== c && d;', 'const a = b === c || d;']],
    ['const a = b < 60_000;', ['const a = b <= 60_000;', 'const a = b < 60001;']],
    ['{ if (a) b(); }', ['{ if (!(a)) b(); }', '{ if (a) ; }']],
    ['const a = !b ?? 5;', ['const a = b ?? 5;', 'const a = 5;', 'const a = !b ?? 6;']],
    ['function f() { if (a) return null; }', ['function f() { if (!(a)) return null; }', 'function f() { if (a) ; }']],
    [
      "const a = ['x', 'y'];",
      ["const a = ['y'];", "const a = ['xx', 'y'];", "const a = ['x'];", "const a = ['x', 'yx'];"],
    ],
    ['const a = /^x{2}$/;', ['const a = /x{2}$/;', 'const a = /^x{3}$/;', 'const a = /^x{2}/;']],
  ])('%s', (source, expected) => {
    expect(made(source).toSorted()).toEqual(expected.toSorted());
  });

  it('leave alone what has no effect: types, imports, names, batch sizes', () => {
    const source = `import a from 'a';\ntype B = { kind: 'b' | 1 };\nconst c = { maxBatch: 200, name: 'c', d: a as 'x' };`;
    expect(mutantsOf(source)).toEqual([]);
  });
});

describe('mutants of SQL', () => {
  const sql = (text: string): string => `const q = \`${text}\`;`;
  const madeOf = (text: string): string[] => made(sql(text)).map((source) => source.slice(11, -2));

  it('lose one condition, or compare the other way', () => {
    expect(madeOf('SELECT a FROM t WHERE a < 1 AND (b OR c = d)')).toEqual(
      expect.arrayContaining([
        'SELECT a FROM t WHERE true AND (b OR c = d)',
        'SELECT a FROM t WHERE a <= 1 AND (b OR c = d)',
        'SELECT a FROM t WHERE a < 2 AND (b OR c = d)',
        'SELECT a FROM t WHERE a < 1 AND true',
        'SELECT a FROM t WHERE a < 1 AND (false OR c = d)',
        'SELECT a FROM t WHERE a < 1 AND (b AND c = d)',
        'SELECT a FROM t WHERE a < 1 AND (b OR false)',
        'SELECT a FROM t WHERE a < 1 AND (b OR c <> d)',
      ]),
    );
  });

  it('lose one setting, and never get a comparison in place of a setting', () => {
    const edits = madeOf(`UPDATE t SET a = a + 1, state = 'queued' WHERE id = \${id}`);
    expect(edits).toEqual(
      expect.arrayContaining([
        `UPDATE t SET  state = 'queued' WHERE id = \${id}`,
        `UPDATE t SET a = a - 1, state = 'queued' WHERE id = \${id}`,
        `UPDATE t SET a = a + 1 WHERE id = \${id}`,
        `UPDATE t SET a = a + 1, state = 'dispatching' WHERE id = \${id}`,
        `UPDATE t SET a = a + 1, state = 'queued' WHERE true`,
      ]),
    );
    expect(edits.filter((text) => text.includes('a <> a'))).toEqual([]);
  });

  it('lose a lock, an order, a limit and what keeps a conflict quiet', () => {
    expect(madeOf('SELECT id FROM t ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED')).toEqual(
      expect.arrayContaining([
        'SELECT id FROM t  LIMIT 3 FOR UPDATE SKIP LOCKED',
        'SELECT id FROM t ORDER BY id  FOR UPDATE SKIP LOCKED',
        'SELECT id FROM t ORDER BY id LIMIT 3 ',
        'SELECT id FROM t ORDER BY id LIMIT 3 FOR UPDATE ',
      ]),
    );
    expect(madeOf('INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING RETURNING id')).toContain(
      'INSERT INTO t SELECT 1  RETURNING id',
    );
  });

  it('lose a part that only writes, when nothing reads it', () => {
    expect(madeOf('WITH a AS (DELETE FROM t) SELECT 1')).toContain('WITH a AS (SELECT 1) SELECT 1');
    expect(madeOf('WITH a AS (DELETE FROM t) SELECT 1 FROM a')).not.toContain('WITH a AS (SELECT 1) SELECT 1 FROM a');
  });
});

describe.each(Object.keys(GUARDED))('%s', (file) => {
  const source = readFileSync(join(repositoryRoot, file), 'utf8');
  const mutants = mutantsOf(source);

  it('has mutants, each another text that still reads as TypeScript', () => {
    expect(mutants.length).toBeGreaterThan(20);
    const texts = mutants.map((mutant) => applyMutant(source, mutant));
    expect(new Set([source, ...texts]).size).toBe(texts.length + 1);
    for (const text of texts) expect(() => parseAst(text, { lang: 'ts' })).not.toThrow();
  });

  it('gives the same mutants and the same draw every time', () => {
    expect(mutantsOf(source)).toEqual(mutants);
    expect(sample(mutants, 10, 7)).toEqual(sample(mutants, 10, 7));
    expect(sample(mutants, 10, 7)).toHaveLength(10);
    expect(sample(mutants, 10_000, 7)).toEqual(mutants);
  });
});

it('lists no equivalent mutant that does not exist', () => {
  const found = Object.keys(GUARDED).flatMap((file) => {
    const source = readFileSync(join(repositoryRoot, file), 'utf8');
    return mutantsOf(source).flatMap((mutant) => findEquivalent(file, source, mutant) ?? []);
  });
  expect(EQUIVALENT.filter((one) => !found.includes(one))).toEqual([]);
});
