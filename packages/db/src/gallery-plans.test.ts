/** What the gallery costs Postgres when one person has 50,000 images among 60,000: read from the plans that really ran. */
import { firstIdAt, newId } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prisma } from './generated/client.ts';
import { countImages, findByWords, type ImageFilter, type ImagePage, imagePageSql, wordsSql } from './images.ts';
import { createOwner, createTestDb, type TestDb, type TestOwner } from './testing.ts';

const ROWS = 50_000;
let db: TestDb;
let drop: () => Promise<void>;
let owner: TestOwner;
let ids: string[];
let collectionId: string;
/** One picture a second, the last one now. */
const startedAt = Date.now() - ROWS * 1_000;

beforeAll(async () => {
  ({ db, drop } = await createTestDb(2));
  owner = await createOwner(db);
  const other = await createOwner(db);
  const [pack, version] = [newId(), newId()];
  await db.prisma.pack.create({
    data: {
      id: pack,
      slug: 'a-pack',
      name: 'x',
      description: '',
      versions: { create: { id: version, version: 1, prompts: [], negativePrompt: '' } },
    },
  });
  const generation = async (of: TestOwner, packVersionId: string | null): Promise<string> => {
    const id = newId();
    const drawing = {
      prompt: 'p',
      negativePrompt: '',
      seed: 1n,
      steps: 1,
      guidance: 1,
      width: 8,
      height: 8,
      loraWeight: 1,
      planned: [],
    };
    await db.prisma.generation.create({
      data: { id, userId: of.userId, modelId: of.modelId, weightsId: of.weightsId, packVersionId, ...drawing },
    });
    return id;
  };
  const insert = (of: TestOwner, generationId: string, rows: object[]): Promise<unknown> =>
    db.prisma.$executeRaw(Prisma.sql`
      INSERT INTO "Image" (id, "userId", "modelId", "generationId", position, state, prompt, "compiledPrompt", seed, width, height,
        "storageKey", "sizeBytes", sha256, favourite, rating, "deletedAt")
      SELECT r.id, ${of.userId}::uuid, ${of.modelId}::uuid, ${generationId}::uuid, 0, 'ready', r.prompt, r.prompt, 1, r.width, 8, r.id::text, 1, 'x',
        r.favourite, r.rating, r.deleted
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS r(id uuid, prompt text, width int, favourite boolean, rating int, deleted timestamptz)`);
  const at = (position: number): string => firstIdAt(startedAt + position * 1_000);
  const row = (position: number, id: string, person: string): object => ({
    id,
    prompt: `a dog in the rain, ${person}${position % 5_000 === 0 ? ', heron' : ''}`,
    width: position % 2 === 0 ? 8 : 16,
    favourite: position % 1_000 === 0,
    rating: position % 500 === 0 ? 4 : null,
    deleted: position % 400 === 1 ? new Date() : null,
  });
  ids = Array.from({ length: ROWS }, (_, position) => at(position));
  const plain = await generation(owner, null);
  for (let from = 0; from < ROWS - 100; from += 10_000)
    await insert(
      owner,
      plain,
      ids.slice(from, Math.min(from + 10_000, ROWS - 100)).map((id, index) => row(from + index, id, 'ada')),
    );
  await insert(
    owner,
    await generation(owner, version),
    ids.slice(-100).map((id, index) => row(ROWS - 100 + index, id, 'ada')),
  );
  const strange = Array.from({ length: 10_000 }, (_, position) =>
    // At the same time as this person's, as in life.
    row(position, firstIdAt(startedAt + position * 5_000 + 500), 'grace'),
  );
  await insert(other, await generation(other, null), strange);
  collectionId = newId();
  await db.prisma.collection.create({ data: { id: collectionId, userId: owner.userId, name: 'x' } });
  const imageIds = ids.filter((_, position) => position % 700 === 2);
  await db.prisma.collectionImage.createMany({ data: imageIds.map((imageId) => ({ collectionId, imageId })) });
  await db.prisma.$executeRaw`ANALYZE`;
}, 120_000);
afterAll(() => drop());

type Node = {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Node[];
};

/** The plan of a page as it ran: how images were found, and how many rows were touched for it. */
async function explainPage(filter: ImageFilter, page: ImagePage) {
  return explain(imagePageSql(owner.userId, await findByWords(db, owner.userId, filter), page));
}

async function explain(sql: Prisma.Sql) {
  const [line] = await db.prisma.$queryRaw<{ 'QUERY PLAN': { Plan: Node }[] }[]>(
    Prisma.sql`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
  );
  const nodes: Node[] = [];
  const walk = (node: Node): void => {
    nodes.push(node);
    for (const child of node.Plans ?? []) walk(child);
  };
  for (const { Plan } of line?.['QUERY PLAN'] ?? []) walk(Plan);
  const touched = nodes
    .filter((node) => node['Relation Name'] === 'Image' || node['Node Type'] === 'Bitmap Index Scan')
    .reduce(
      (sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
      0,
    );
  const inTable = nodes.filter((node) => node['Relation Name'] === 'Image');
  const read = inTable.reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
  const scans = inTable.map((node) => node['Node Type']);
  return { scans, indexes: nodes.flatMap((node) => node['Index Name'] ?? []), touched, read };
}

const ALIVE = { deletedSince: null };
const FIRST = { before: null, limit: 61 };

describe('a page out of 50,000 images', () => {
  it.each<[string, () => [ImageFilter, ImagePage], number]>([
    ['the newest', () => [ALIVE, FIRST], 200],
    ['in the middle', () => [ALIVE, { before: ids[25_000] ?? '', limit: 61 }], 200],
    ['5,000 sizes for the layout', () => [ALIVE, { before: ids[25_000] ?? '', limit: 5_001 }], 11_000],
    ['of a model', () => [{ ...ALIVE, modelId: owner.modelId }, FIRST], 200],
    ['of favourites', () => [{ ...ALIVE, favourite: true }, FIRST], 400],
    ['of rated ones', () => [{ ...ALIVE, minRating: 4 }, FIRST], 400],
    ['of the trash', () => [{ deletedSince: new Date(0) }, FIRST], 400],
    ['of a collection', () => [{ ...ALIVE, collectionId }, FIRST], 600],
    ['of a pack', () => [{ ...ALIVE, packSlug: 'a-pack' }, FIRST], 600],
    ['of a word that few prompts have', () => [{ ...ALIVE, words: ['heron'] }, FIRST], 200],
    [
      'of a word that few prompts have, with one that all have',
      () => [{ ...ALIVE, words: ['rain', 'her'] }, FIRST],
      400,
    ],
    ['of a word that all prompts have', () => [{ ...ALIVE, words: ['rain'] }, FIRST], 400],
    ['of a word that nobody wrote', () => [{ ...ALIVE, words: ['submarine'] }, FIRST], 50],
    [
      'of a day long ago',
      () => [{ ...ALIVE, fromId: firstIdAt(startedAt + 3_600_000), beforeId: firstIdAt(startedAt + 7_200_000) }, FIRST],
      200,
    ],
    ['of one shape', () => [{ ...ALIVE, orientation: 'square' }, FIRST], 400],
  ])('%s: by an index, and without looking at many others', async (_, input, most) => {
    const plan = await explainPage(...input());
    expect(plan.scans).not.toContain('Seq Scan');
    expect(plan.indexes.length).toBeGreaterThan(0);
    expect(plan.touched).toBeLessThanOrEqual(most);
  });

  it('looks words up among this person’s images only, and stops when there are many', async () => {
    const rare = await explain(wordsSql(owner.userId, ['heron']));
    expect(rare.indexes).toEqual(['Image_words_idx']);
    // Ten of this person's, none of the two that the other one has; counted in the index and again in the table.
    expect(rare.touched).toBe(20);
    expect(await countImages(db, owner.userId, { ...ALIVE, words: ['heron'] })).toBe(10);
    const common = await explain(wordsSql(owner.userId, ['rain']));
    expect(common.read).toBe(2_001);
  });
});
