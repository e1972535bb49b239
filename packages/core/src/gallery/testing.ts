/** Images as the apply step leaves them. */
import { newId } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { createModel } from '../models/write-model.ts';

type Wanted = {
  prompts?: readonly string[];
  sizes?: readonly (readonly [width: number, height: number])[];
  /** The images come from a run of this pack. */
  packSlug?: string;
};

/** A finished generation of a new model. Ids are in order: the last image is the newest. */
export async function createImages(deps: Deps, actor: Actor, count: number, wanted: Wanted = {}) {
  const { prisma } = deps.db;
  const { userId } = actor;
  const { id: modelId } = await createModel(deps, actor, { name: 'Rex', classWord: 'dog' });
  const of = { userId, modelId };
  const training = { id: newId(), ...of, profile: 'nano', preset: 'fast', settings: { rank: 4 }, photoIds: [] };
  await prisma.training.create({ data: training });
  const file = { sizeBytes: 1, sha256: 'x' };
  const weights = { id: newId(), ...of, trainingId: training.id, step: 9, final: true, profile: 'nano', ...file };
  await prisma.weights.create({ data: { ...weights, storageKey: `o/${weights.id}` } });
  const packVersionId = wanted.packSlug ? await createPack(deps, wanted.packSlug) : null;
  const drawing = { seed: 1n, width: 8, height: 8 };
  const settings = {
    prompt: 'p',
    negativePrompt: '',
    steps: 1,
    guidance: 1,
    loraWeight: 1,
    planned: [],
    packVersionId,
  };
  const generation = { id: newId(), ...of, weightsId: weights.id, ...drawing, ...settings };
  await prisma.generation.create({ data: generation });
  const images = Array.from({ length: count }, (_, position) => {
    const id = newId();
    const prompt = wanted.prompts?.[position] ?? 'p';
    const [width, height] = wanted.sizes?.[position] ?? [8, 8];
    const head = { id, ...of, generationId: generation.id, position, state: 'ready', prompt, compiledPrompt: prompt };
    return { ...head, ...drawing, width, height, ...file, storageKey: `o/${userId}/${id}.png` };
  });
  await prisma.image.createMany({ data: images });
  return { modelId, generationId: generation.id, ids: images.map((image) => image.id) };
}

async function createPack(deps: Deps, slug: string): Promise<string> {
  const pack = { id: newId(), slug, name: slug, description: '' };
  await deps.db.prisma.pack.create({ data: pack });
  const version = { id: newId(), packId: pack.id, version: 1, prompts: ['p'], negativePrompt: '' };
  await deps.db.prisma.packVersion.create({ data: version });
  return version.id;
}
