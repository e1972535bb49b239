/** Packs: named lists of prompt templates. A version never changes; a changed pack gets the next one. */
import { newId, type SeedPack } from '@pixgen/domain';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';

const WITH_NEWEST = { versions: { orderBy: { version: 'desc' }, take: 1 } } as const satisfies Prisma.PackInclude;
export type PackRow = Prisma.PackGetPayload<{ include: typeof WITH_NEWEST }>;

/** Every pack with its newest version, by name. There are few: no paging. */
export async function listPacks(db: Db): Promise<PackRow[]> {
  return db.prisma.pack.findMany({ include: WITH_NEWEST, orderBy: { name: 'asc' }, take: 200 });
}

/**
 * Writes a pack from the seed. Running it again changes nothing; other prompts make a new version, so that runs of the
 * old one stay explainable.
 *
 * @returns what happened
 */
export async function savePack(db: Db, seed: SeedPack): Promise<'created' | 'new-version' | 'unchanged'> {
  const { slug, name, description, prompts, negativePrompt } = seed;
  return db.prisma.$transaction(async (tx) => {
    const head = { name, description };
    await tx.pack.createMany({ data: { id: newId(), slug, ...head }, skipDuplicates: true });
    await tx.$queryRaw`SELECT 1 FROM "Pack" WHERE slug = ${slug} FOR UPDATE`;
    const pack = await tx.pack.findUniqueOrThrow({ where: { slug }, include: WITH_NEWEST });
    const newest = pack.versions[0];
    if (pack.name !== name || pack.description !== description) await tx.pack.update({ where: { slug }, data: head });
    const same =
      newest?.negativePrompt === negativePrompt && JSON.stringify(newest.prompts) === JSON.stringify(prompts);
    if (same) return 'unchanged';
    const version = (newest?.version ?? 0) + 1;
    await tx.packVersion.create({ data: { id: newId(), packId: pack.id, version, prompts, negativePrompt } });
    return newest ? 'new-version' : 'created';
  });
}
