import { listPacks as listRows, type PackRow } from '@pixgen/db';
import { notFound, type PackView } from '@pixgen/domain';
import type { Deps } from '../deps.ts';

const CACHE_KEY = 'packs';
/** The seed drops the cache when it changes a pack; this bounds the harm where it could not. */
const CACHE_MS = 60_000;

/** Every pack with its newest version. */
export async function listPacks(deps: Deps): Promise<{ items: PackView[] }> {
  const cached = await deps.live.cache.get<PackView[]>(CACHE_KEY).catch(() => null);
  if (cached) return { items: cached };
  const items = (await listRows(deps.db)).flatMap(toView);
  await deps.live.cache.set(CACHE_KEY, items, CACHE_MS).catch(() => undefined);
  return { items };
}

/** @throws AppError NOT_FOUND */
export async function getPack(deps: Deps, input: { slug: string }): Promise<PackView> {
  const pack = (await listPacks(deps)).items.find((candidate) => candidate.slug === input.slug);
  if (!pack) throw notFound('pack');
  return pack;
}

/** To be called after packs changed. */
export async function dropPackCache(deps: Pick<Deps, 'live'>): Promise<void> {
  await deps.live.cache.drop(CACHE_KEY);
}

function toView(row: PackRow): PackView[] {
  const version = row.versions[0];
  if (!version) return [];
  const { slug, name, description } = row;
  return [
    {
      slug,
      name,
      description,
      version: version.version,
      prompts: version.prompts,
      negativePrompt: version.negativePrompt,
    },
  ];
}
