/** What one person owns of every kind, made directly in database and store, for the access matrices of API and pages. */
import { createHash, randomBytes } from 'node:crypto';
import type { Db } from '@pixgen/db';
import { newId, REPORT_DUE_MS } from '@pixgen/domain';
import type { Storage } from '@pixgen/storage';
import { newTriggerWord } from './models/write-model.ts';

export type World = {
  userId: string;
  modelId: string;
  photoId: string;
  trainingId: string;
  weightsId: string;
  generationId: string;
  imageId: string;
  sampleId: string;
  apiKeyId: string;
  /** Another one than the caller's. */
  sessionId: string;
  collectionId: string;
  /** A deletion that has ended, and a download with one file. */
  deletionId: string;
  downloadId: string;
  trainingJobId: string;
  generationJobId: string;
  /** Opens an erasure of something else of theirs. */
  erasureCode: string;
  /** An open report of their image, by nobody, and the code that shows its state. */
  reportId: string;
  reportCode: string;
  strikeId: string;
};

/** Of 8 × 8 pixels. */
export const TINY_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEUlEQVQImWPoSHPBihiGlgQA9XtMgQBB2ZsAAAAASUVORK5CYII=',
  'base64',
);
export const TINY_JPEG = Buffer.from(
  '/9j/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wAARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAABf/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AIgAUu//2Q==',
  'base64',
);

/** Everything fresh and ended, so that every call of its owner finds something to do. */
export async function createWorld(
  stores: { db: Pick<Db, 'prisma'>; storage: Storage },
  userId: string,
): Promise<World> {
  const { prisma } = stores.db;
  const ids = {
    userId,
    modelId: newId(),
    photoId: newId(),
    trainingId: newId(),
    weightsId: newId(),
    generationId: newId(),
    imageId: newId(),
    sampleId: newId(),
    apiKeyId: newId(),
    sessionId: `sess_${randomBytes(18).toString('base64url')}`,
    collectionId: newId(),
    deletionId: newId(),
    downloadId: newId(),
    trainingJobId: newId(),
    generationJobId: newId(),
    erasureCode: randomBytes(32).toString('base64url'),
    reportId: newId(),
    reportCode: randomBytes(32).toString('base64url'),
    strikeId: newId(),
  };
  const { modelId, trainingId, weightsId, generationId } = ids;
  const sha256 = createHash('sha256').update(modelId).digest('hex');
  const triggerWord = newTriggerWord();
  await prisma.model.create({
    data: { id: modelId, userId, name: 'Canary Subject', classWord: 'woman', triggerWord, state: 'ready' },
  });
  const expiresAt = new Date(Date.now() + 3_600_000);
  await prisma.session.create({ data: { id: ids.sessionId, userId, expiresAt } });
  const photo = {
    contentType: 'image/jpeg',
    sizeBytes: TINY_JPEG.length,
    state: 'ready',
    sha256,
    width: 600,
    height: 600,
  };
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
      ...{ storageKey, sizeBytes: TINY_PNG.length, sha256 },
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
  await prisma.collection.create({ data: { id: ids.collectionId, userId, name: 'canary collection' } });
  await prisma.collectionImage.create({ data: { collectionId: ids.collectionId, imageId: ids.imageId } });
  const done = {
    userId,
    state: 'succeeded',
    selection: { ids: [ids.imageId] },
    total: 1,
    done: 1,
    endedAt: new Date(),
  };
  const files = [{ key: `z/${userId}/${ids.downloadId}/1.zip`, name: 'canary.zip', sizeBytes: 3 }];
  await prisma.bulkOperation.createMany({
    data: [
      { id: ids.deletionId, idempotencyKey: newId(), kind: 'delete', ...done },
      { id: ids.downloadId, idempotencyKey: newId(), kind: 'download', ...done, files },
    ],
  });
  const codeHash = createHash('sha256').update(ids.erasureCode).digest('hex');
  const erasure = { kind: 'photo', requestedBy: 'owner', pseudonym: newId(), userId, targetId: newId(), codeHash };
  await prisma.erasure.create({ data: { id: newId(), ...erasure } });
  const report = { what: `/gallery/${ids.imageId}`, words: 'canary words', reason: 'other', namedIds: [ids.imageId] };
  const reported = { id: ids.reportId, codeHash: createHash('sha256').update(ids.reportCode).digest('hex'), ...report };
  await prisma.report.create({ data: { ...reported, dueAt: new Date(Date.now() + REPORT_DUE_MS) } });
  await prisma.strike.create({ data: { id: ids.strikeId, userId, reason: 'prompt-sexual' } });
  const { storage } = stores;
  await storage.write(sample.storageKey, TINY_PNG, 'image/png');
  await storage.write(storageKey, TINY_PNG, 'image/png');
  await storage.write(`p/${userId}/${modelId}/${ids.photoId}.jpg`, TINY_JPEG, 'image/jpeg');
  return ids;
}
