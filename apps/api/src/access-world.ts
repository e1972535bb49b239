/** What one person owns of every kind, made directly in the database for the access matrix. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { newId } from '@pixgen/domain';
import type { TestApi } from './testing.ts';

export const IDENTITIES = ['anonymous', 'banned', 'other', 'admin', 'owner'] as const;
export type Identity = (typeof IDENTITIES)[number];

export type World = {
  userId: string;
  modelId: string;
  photoId: string;
  trainingId: string;
  generationId: string;
  imageId: string;
  sampleId: string;
  apiKeyId: string;
  trainingJobId: string;
  generationJobId: string;
  /** Opens an erasure of something else of theirs. */
  erasureCode: string;
};

/** One person for each identity; `anonymous` has no headers. */
export async function createPeople(api: TestApi) {
  const { prisma } = api.db;
  const [owner, other, banned, admin] = await Promise.all([api.signUp(), api.signUp(), api.signUp(), api.signUp()]);
  await prisma.user.update({ where: { id: banned.userId }, data: { status: 'suspended' } });
  await prisma.user.update({ where: { id: admin.userId }, data: { role: 'admin' } });
  const email = `canary-${randomUUID()}@example.test`;
  await prisma.user.update({ where: { id: owner.userId }, data: { displayName: 'Canary Owner', email } });
  const headers: Record<Identity, Record<string, string>> = {
    anonymous: {},
    banned: banned.headers,
    other: other.headers,
    admin: admin.headers,
    owner: owner.headers,
  };
  return { owner, ownerEmail: email, headers };
}

/** Everything fresh and ended, so that every call of its owner finds something to do. */
export async function createWorld(api: TestApi, userId: string): Promise<World> {
  const { prisma } = api.db;
  const ids = {
    userId,
    modelId: newId(),
    photoId: newId(),
    trainingId: newId(),
    generationId: newId(),
    imageId: newId(),
    sampleId: newId(),
    apiKeyId: newId(),
    trainingJobId: newId(),
    generationJobId: newId(),
    erasureCode: randomBytes(32).toString('base64url'),
  };
  const { modelId, trainingId, generationId } = ids;
  const weightsId = newId();
  const sha256 = createHash('sha256').update(modelId).digest('hex');
  const triggerWord = `sks_${modelId.slice(-6)}`;
  await prisma.model.create({
    data: { id: modelId, userId, name: 'Canary Subject', classWord: 'woman', triggerWord, state: 'ready' },
  });
  const photo = { contentType: 'image/jpeg', sizeBytes: 3, state: 'ready', sha256, width: 600, height: 600 };
  await prisma.photo.create({ data: { id: ids.photoId, userId, modelId, fileName: 'canary-face.jpg', ...photo } });
  await prisma.training.create({
    data: { id: trainingId, userId, modelId, profile: 'nano', preset: 'fast', settings: {}, photoIds: [ids.photoId] },
  });
  const file = { storageKey: `o/${userId}/${weightsId}`, sizeBytes: 3, sha256, profile: 'nano', step: 1, final: true };
  await prisma.weights.create({ data: { id: weightsId, userId, modelId, trainingId, ...file } });
  const sample = { step: 1, position: 0, prompt: 'canary prompt', storageKey: `o/${userId}/${ids.sampleId}.png` };
  await prisma.sample.create({ data: { id: ids.sampleId, userId, trainingId, ...sample, width: 128, height: 128 } });
  const drawn = { seed: 1n, steps: 6, guidance: 5, width: 128, height: 128, loraWeight: 1, negativePrompt: '' };
  const planned = [{ imageId: ids.imageId, prompt: 'canary prompt', compiledPrompt: 'canary prompt', seed: 1 }];
  await prisma.generation.create({
    data: { id: generationId, userId, modelId, weightsId, prompt: 'canary prompt', ...drawn, planned },
  });
  const ended = { userId, modelId, state: 'failed', failureCode: 'GPU_INTERNAL', deadlineAt: new Date() };
  const times = { startedAt: new Date(), endedAt: new Date() };
  await prisma.job.create({ data: { id: ids.trainingJobId, kind: 'train', trainingId, ...ended, ...times } });
  await prisma.job.create({ data: { id: ids.generationJobId, kind: 'generate', generationId, ...ended, ...times } });
  await prisma.deadLetter.createMany({ data: [{ jobId: ids.trainingJobId }, { jobId: ids.generationJobId }] });
  const storageKey = `o/${userId}/${ids.imageId}.png`;
  await prisma.image.create({
    data: {
      ...{ id: ids.imageId, userId, modelId, generationId, position: 0, state: 'ready', seed: 1n },
      ...{ prompt: 'canary prompt', compiledPrompt: 'canary prompt', width: 128, height: 128 },
      ...{ storageKey, sizeBytes: 3, sha256 },
    },
  });
  await prisma.apiKey.create({
    data: {
      id: ids.apiKeyId,
      userId,
      name: 'canary key',
      prefix: 'pxg_can',
      secretHash: randomBytes(32).toString('hex'),
    },
  });
  const codeHash = createHash('sha256').update(ids.erasureCode).digest('hex');
  const erasure = { kind: 'photo', requestedBy: 'owner', pseudonym: newId(), userId, targetId: newId(), codeHash };
  await prisma.erasure.create({ data: { id: newId(), ...erasure } });
  const { storage } = api.services.deps;
  await storage.write(sample.storageKey, Buffer.from('png'), 'image/png');
  await storage.write(storageKey, Buffer.from('png'), 'image/png');
  await storage.write(`p/${userId}/${modelId}/${ids.photoId}.jpg`, Buffer.from('jpg'), 'image/jpeg');
  return ids;
}

/** A hash over every row of a person in every table that names one; equal hashes mean that nothing was touched. */
export async function fingerprint(api: TestApi, userId: string): Promise<string> {
  const { rows: tables } = await api.db.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'userId' ORDER BY table_name`,
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await api.db.pool.query<{ rows: string }>(
      `SELECT COALESCE(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS rows FROM "${name}" t WHERE "userId" = $1`,
      [userId],
    );
    parts.push(`${name}:${rows[0]?.rows ?? ''}`);
  }
  return parts.join('\n');
}
