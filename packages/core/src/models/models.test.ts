import { createHash } from 'node:crypto';
import { CONSENT, consentInput, newId, trainingPlan, UNDER_AGE, updateModelInput } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { createImages } from '../gallery/testing.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { startTraining } from '../training/start-training.ts';
import { createTrainableModel } from '../training/testing.ts';
import { deleteModel, restoreModel } from './delete-model.ts';
import { downloadWeights } from './download-weights.ts';
import { getModel, listModels } from './read-models.ts';
import { createModel, newTriggerWord, updateModel } from './write-model.ts';

let stack: TestDeps;
let deps: Deps;
let actor: Actor;
const consent = { subject: 'self', accepted: true, adult: true, textVersion: CONSENT.version } as const;

beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
  actor = await createActor(deps);
});
afterAll(() => stack.close());

describe('a trigger word', () => {
  it('is sks_ and six base32 letters, never made from a name', async () => {
    for (let count = 0; count < 200; count += 1) expect(newTriggerWord()).toMatch(/^sks_[a-z2-7]{6}$/);
    const model = await createModel(deps, actor, { name: 'abcdef', classWord: 'dog' });
    expect(model.triggerWord).toMatch(/^sks_[a-z2-7]{6}$/);
    expect(model.triggerWord).not.toContain('abcdef');
  });

  it('that is taken, also by another person, is drawn again', async () => {
    const taken = await createModel(deps, actor, { name: 'a', classWord: 'dog' });
    const words = [taken.triggerWord, taken.triggerWord, 'sks_fresh2'];
    const model = await createModel(
      deps,
      await createActor(deps),
      { name: 'b', classWord: 'dog' },
      () => words.shift() ?? '',
    );
    expect(model.triggerWord).toBe('sks_fresh2');
  });

  it('is not drawn for ever', async () => {
    const { triggerWord } = await createModel(deps, actor, { name: 'a', classWord: 'dog' });
    await expect(createModel(deps, actor, { name: 'b', classWord: 'dog' }, () => triggerWord)).rejects.toThrow();
  });
});

describe('a model', () => {
  it('shows its newest consent, and refuses the wrong statement for a person', async () => {
    const model = await createModel(deps, actor, { name: 'Ada', classWord: 'woman', consent });
    expect(model.consent).toMatchObject({ subject: 'self', textVersion: CONSENT.version });
    const updated = await updateModel(deps, actor, {
      id: model.id,
      name: 'Ada L.',
      consent: { ...consent, subject: 'permitted' },
    });
    expect(updated).toMatchObject({ name: 'Ada L.', classWord: 'woman', consent: { subject: 'permitted' } });
    const wrong = { ...consent, subject: 'not-a-person' } as const;
    await expect(createModel(deps, actor, { name: 'x', classWord: 'man', consent: wrong })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      fields: [{ path: 'consent.subject' }],
    });
  });

  it('keeps the settings of its draft for every device of its owner, and nobody else', async () => {
    const { id, plan } = await createModel(deps, actor, { name: 'x', classWord: 'dog' });
    expect(plan).toBeNull();
    const chosen = { preset: 'best', overrides: { steps: 77, samplePrompts: ['{subject} in rain'] } } as const;
    await updateModel(deps, actor, updateModelInput.parse({ id, plan: chosen }));
    expect((await getModel(deps, { ...actor, via: 'api-key' }, { id })).plan).toEqual(chosen);
    expect((await updateModel(deps, actor, { id, name: 'y' })).plan).toEqual(chosen);
    const stranger = await createActor(deps);
    await expect(updateModel(deps, stranger, { id, plan: { preset: 'fast', overrides: {} } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(updateModelInput.safeParse({ id, plan: { preset: 'best', overrides: { rank: 1000 } } }).success).toBe(false);
  });

  it('keeps each consent with the version and the hash of the very text', async () => {
    const { id } = await createModel(deps, actor, { name: 'Ada', classWord: 'woman', consent });
    await updateModel(deps, actor, { id, consent: { ...consent, subject: 'permitted' } });
    const rows = await deps.db.prisma.consent.findMany({ where: { modelId: id }, orderBy: { id: 'asc' } });
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(rows).toMatchObject([
      { subject: 'self', textVersion: CONSENT.version, textHash: hash(CONSENT.text.en.self), userId: actor.userId },
      { subject: 'permitted', textVersion: CONSENT.version, textHash: hash(CONSENT.text.en.permitted) },
    ]);
  });

  it('of somebody who is declared younger than 18 is refused, and an old or missing consent starts no training', async () => {
    const declared = consentInput.safeParse({ ...consent, adult: false });
    expect(declared.error?.issues).toMatchObject([{ path: ['adult'], message: String(UNDER_AGE) }]);
    const { id } = await createModel(deps, actor, { name: 'Ada', classWord: 'woman' });
    const start = () => startTraining(deps, actor, { ...trainingPlan.parse({}), modelId: id, idempotencyKey: newId() });
    await expect(start()).rejects.toMatchObject({ code: 'CONSENT_MISSING' });
    await updateModel(deps, actor, { id, consent });
    await expect(start()).rejects.toMatchObject({ code: 'PHOTOS_TOO_FEW' });
    await deps.db.prisma.consent.updateMany({ where: { modelId: id }, data: { textVersion: '2025-01-1' } });
    await expect(start()).rejects.toMatchObject({
      code: 'CONSENT_MISSING',
      message: expect.stringContaining('changed'),
    });
  });

  it.each(['child', 'girl', 'little boy', 'my daughter'])(
    'of a %s is refused at its name, with any statement, and also where a draft of before has that word',
    async (classWord) => {
      const atTheWord = { code: 'INVALID_INPUT', fields: [{ path: 'classWord' }] };
      for (const subject of ['self', 'permitted', 'not-a-person'] as const) {
        const stated = { ...consent, subject };
        await expect(createModel(deps, actor, { name: 'x', classWord, consent: stated })).rejects.toMatchObject(
          atTheWord,
        );
      }
      const { id } = await createModel(deps, actor, { name: 'x', classWord: 'dog' });
      await expect(updateModel(deps, actor, { id, classWord })).rejects.toMatchObject(atTheWord);
      await deps.db.prisma.model.update({ where: { id }, data: { classWord } });
      await expect(updateModel(deps, actor, { id, consent })).rejects.toMatchObject(atTheWord);
      const { version: textVersion } = CONSENT;
      const agreed = { id: newId(), userId: actor.userId, modelId: id, subject: 'self', textVersion, textHash: 'x' };
      await deps.db.prisma.consent.create({ data: agreed });
      const order = { ...trainingPlan.parse({}), modelId: id, idempotencyKey: newId() };
      await expect(startTraining(deps, actor, order)).rejects.toMatchObject(atTheWord);
    },
  );

  it('of no person is not trained while most of its photos show one, and a figure is', async () => {
    const modelId = await createTrainableModel(deps, actor);
    const start = () => startTraining(deps, actor, { ...trainingPlan.parse({}), modelId, idempotencyKey: newId() });
    const ids = (await deps.db.prisma.photo.findMany({ where: { modelId } })).map(({ id }) => id);
    const measured = { width: 600, height: 600, sharpness: 99, brightness: 99, contrast: 50, hash: '0' };
    const show = (count: number, face: object) =>
      deps.db.prisma.photo.updateMany({
        where: { id: { in: ids.slice(0, count) } },
        data: { look: { ...measured, ...face } },
      });
    await show(3, { personScore: 0.9 });
    await expect(start()).rejects.toMatchObject({ code: 'CONSENT_MISSING', message: expect.stringContaining('face') });
    // Measured while the draft said that it is a woman, which was changed afterwards.
    await show(3, { faces: [{ score: 0.9, width: 0.3 }] });
    await expect(start()).rejects.toMatchObject({ code: 'CONSENT_MISSING' });
    await deps.db.prisma.model.update({ where: { id: modelId }, data: { classWord: 'doll' } });
    expect((await start()).job.state).toBe('queued');
    const other = await createTrainableModel(deps, actor);
    const [first] = await deps.db.prisma.photo.findMany({ where: { modelId: other } });
    await deps.db.prisma.photo.update({
      where: { id: first?.id ?? '' },
      data: { look: { ...measured, personScore: 0.9 } },
    });
    const order = { ...trainingPlan.parse({}), modelId: other, idempotencyKey: newId() };
    expect((await startTraining(deps, actor, order)).job.state).toBe('queued');
  });

  it('keeps its class word once it was trained', async () => {
    const { id } = await createModel(deps, actor, { name: 'x', classWord: 'dog' });
    expect(await updateModel(deps, actor, { id, classWord: 'cat' })).toMatchObject({ classWord: 'cat' });
    await deps.db.prisma.model.update({ where: { id }, data: { state: 'ready' } });
    await expect(updateModel(deps, actor, { id, classWord: 'dog' })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('that was deleted is hidden and comes back within 30 days, not later', async () => {
    const { id } = await createModel(deps, actor, { name: 'x', classWord: 'dog' });
    expect((await deleteModel(deps, actor, { id })).deletedAt).not.toBeNull();
    await expect(getModel(deps, actor, { id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await listModels(deps, actor, { limit: 100 })).items.map((model) => model.id)).not.toContain(id);
    expect((await restoreModel(deps, actor, { id })).deletedAt).toBeNull();
    await deps.db.prisma.model.update({ where: { id }, data: { deletedAt: new Date(Date.now() - 31 * 86_400_000) } });
    await expect(restoreModel(deps, actor, { id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that is being trained cannot be deleted', async () => {
    const { id } = await createModel(deps, actor, { name: 'x', classWord: 'dog' });
    await deps.db.prisma.model.update({ where: { id }, data: { state: 'training' } });
    await expect(deleteModel(deps, actor, { id })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('without weights has nothing to download', async () => {
    const { id } = await createModel(deps, actor, { name: 'x', classWord: 'dog' });
    await expect(downloadWeights(deps, actor, { id })).rejects.toMatchObject({ code: 'MODEL_NOT_READY' });
  });

  it('whose weights came without a Kohya file says so, and still has the other', async () => {
    const { id } = await createModel(deps, actor, { name: 'x', classWord: 'dog' });
    const trainingId = newId();
    const order = { id: trainingId, userId: actor.userId, modelId: id, profile: 'nano', preset: 'fast', photoIds: [] };
    await deps.db.prisma.training.create({ data: { ...order, settings: {} } });
    const file = { storageKey: `o/${newId()}`, sizeBytes: 1, sha256: 'x', profile: 'nano', step: 7, final: true };
    await deps.db.prisma.weights.create({
      data: { id: newId(), userId: actor.userId, modelId: id, trainingId, ...file },
    });
    await expect(downloadWeights(deps, actor, { id, layout: 'kohya' })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    expect((await downloadWeights(deps, actor, { id })).fileName).toMatch(/^sks_[a-z2-7]{6}-7\.safetensors$/);
  });

  it('has its newest picture as its cover, with the placeholder as soon as there is one', async () => {
    const { ids, modelId } = await createImages(deps, actor, 2);
    const newest = ids.toSorted().at(-1) ?? '';
    expect(await getModel(deps, actor, { id: modelId })).toMatchObject({ coverImageId: newest, coverThumbhash: null });
    await deps.db.prisma.image.update({ where: { id: newest }, data: { thumbhash: Uint8Array.of(1, 2, 3) } });
    expect(await getModel(deps, actor, { id: modelId })).toMatchObject({ coverThumbhash: 'AQID' });
  });

  it.each(['young woman', 'bride', 'person'])('of a %s needs the consent of a person', async (classWord) => {
    const consent = { subject: 'not-a-person', accepted: true, adult: true, textVersion: CONSENT.version } as const;
    await expect(createModel(deps, actor, { name: 'x', classWord, consent })).rejects.toMatchObject({
      fields: [{ path: 'consent.subject' }],
    });
  });

  it('of someone else answers like an absent one, in every call', async () => {
    const stranger = await createActor(deps);
    const { id } = await createModel(deps, actor, { name: 'x', classWord: 'dog' });
    for (const call of [getModel, deleteModel, restoreModel, updateModel, downloadWeights]) {
      const foreign = await call(deps, stranger, { id }).catch((error: unknown) => error);
      expect(foreign).toMatchObject({ code: 'NOT_FOUND' });
      expect(foreign).toEqual(await call(deps, stranger, { id: newId() }).catch((error: unknown) => error));
    }
    expect((await listModels(deps, stranger, { limit: 10 })).items).toEqual([]);
  });
});

it('pages run through every model once, newest first, while new ones are added', async () => {
  const owner = await createActor(deps);
  const made = [];
  for (let count = 0; count < 7; count += 1)
    made.push((await createModel(deps, owner, { name: `m${count}`, classWord: 'dog' })).id);
  const first = await listModels(deps, owner, { limit: 3 });
  await createModel(deps, owner, { name: 'late', classWord: 'dog' });
  const second = await listModels(deps, owner, { limit: 3, cursor: first.nextCursor ?? '' });
  const third = await listModels(deps, owner, { limit: 3, cursor: second.nextCursor ?? '' });
  expect(third.nextCursor).toBeNull();
  expect([first, second, third].flatMap((page) => page.items.map((model) => model.id))).toEqual(made.toReversed());
  expect((await listModels(deps, owner, { limit: 3, state: 'ready' })).items).toEqual([]);
});
