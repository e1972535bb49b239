import { savePack } from '@pixgen/db';
import { SEED_PACKS } from '@pixgen/db/seed';
import { seedPack } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { createTestDeps, type TestDeps } from '../testing.ts';
import { dropPackCache, getPack, listPacks } from './read-packs.ts';

let stack: TestDeps;
let deps: Deps;
beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
});
afterAll(() => stack.close());

it('the seed holds four packs of three prompts or more, each with its subject', () => {
  expect(SEED_PACKS.map((pack) => pack.name)).toEqual([
    'Professional Headshots',
    'Fantasy Characters',
    'Cinematic Portraits',
    'Studio Colours',
  ]);
  for (const pack of SEED_PACKS) {
    expect(seedPack.parse(pack).prompts.length).toBeGreaterThanOrEqual(3);
    for (const prompt of pack.prompts) expect(prompt.split('{subject}')).toHaveLength(2);
  }
});

it('seeding again changes nothing, other prompts make the next version, and the old one stays', async () => {
  const [first] = SEED_PACKS;
  if (!first) throw new Error('no pack');
  // The test database is seeded already: this test begins before that.
  await deps.db.prisma.packVersion.deleteMany();
  await deps.db.prisma.pack.deleteMany();
  const parallel = await Promise.all([1, 2, 3].map(() => savePack(deps.db, first)));
  expect(parallel.toSorted()).toEqual(['created', 'unchanged', 'unchanged']);
  expect(await savePack(deps.db, { ...first, description: 'Other words.' })).toBe('unchanged');
  expect(await savePack(deps.db, { ...first, prompts: ['a photo of {subject}'] })).toBe('new-version');
  const versions = await deps.db.prisma.packVersion.findMany({ orderBy: { version: 'asc' } });
  expect(versions.map((row) => [row.version, row.prompts.length])).toEqual([
    [1, first.prompts.length],
    [2, 1],
  ]);
  await dropPackCache(deps);
  expect(await getPack(deps, { slug: first.slug })).toMatchObject({ version: 2, description: first.description });
});

it('packs come from the cache until it is dropped, and from the database while Redis is away', async () => {
  await dropPackCache(deps);
  await listPacks(deps);
  await savePack(deps.db, { slug: 'late', name: 'Late', description: 'd', negativePrompt: '', prompts: ['{subject}'] });
  await expect(getPack(deps, { slug: 'late' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const away = () => Promise.reject(new Error('Redis is away'));
  const without: Deps = { ...deps, live: { ...deps.live, cache: { get: away, set: away, drop: away } } };
  expect(await getPack(without, { slug: 'late' })).toMatchObject({ name: 'Late' });
  await dropPackCache(deps);
  expect(await getPack(deps, { slug: 'late' })).toMatchObject({ name: 'Late' });
});
