/** Everything that was deleted can be found and brought back for 30 days, by its owner alone. */
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from './deps.ts';
import {
  createCollection,
  deleteCollection,
  listDeletedCollections,
  restoreCollection,
} from './gallery/collections.ts';
import { deleteModel, restoreModel } from './models/delete-model.ts';
import { listModels } from './models/read-models.ts';
import { createModel } from './models/write-model.ts';
import { deletePhoto, restorePhoto } from './photos/delete-photo.ts';
import { listPhotos } from './photos/list-photos.ts';
import { createActor, createTestDeps, type TestDeps } from './testing.ts';
import { createTrainableModel } from './training/testing.ts';

const TOO_LONG_AGO = new Date(Date.now() - 31 * 86_400_000);

let test: TestDeps;
let deps: Deps;
let actor: Actor;
let stranger: Actor;
beforeAll(async () => {
  test = await createTestDeps();
  ({ deps } = test);
  [actor, stranger] = [await createActor(deps), await createActor(deps)];
});
afterAll(() => test.close());

it('lists deleted models apart from the others, until they are past their time', async () => {
  const names = async (deleted: boolean, who = actor) =>
    (await listModels(deps, who, { limit: 20, deleted })).items.map(({ name }) => name);
  const [kept, gone, old] = await Promise.all(
    ['kept', 'gone', 'old'].map((name) => createModel(deps, actor, { name, classWord: 'dog' })),
  );
  await deleteModel(deps, actor, { id: gone?.id ?? '' });
  await deps.db.prisma.model.update({ where: { id: old?.id ?? '' }, data: { deletedAt: TOO_LONG_AGO } });
  expect([await names(false), await names(true), await names(true, stranger)]).toEqual([[kept?.name], ['gone'], []]);
  await restoreModel(deps, actor, { id: gone?.id ?? '' });
  expect(await names(true)).toEqual([]);
  expect(await names(false)).toContain('gone');
});

it('lists removed photos that could be used, apart from the set', async () => {
  const modelId = await createTrainableModel(deps, actor);
  const ids = async (deleted: boolean) =>
    (await listPhotos(deps, actor, { modelId, deleted })).items.map(({ id }) => id);
  const [first = '', second = ''] = await ids(false);
  await deletePhoto(deps, actor, { id: first });
  await deps.db.prisma.photo.update({ where: { id: second }, data: { deletedAt: TOO_LONG_AGO } });
  const refused = {
    id: newId(),
    userId: actor.userId,
    modelId,
    fileName: 'a.jpg',
    contentType: 'image/jpeg',
    sizeBytes: 1,
  };
  await deps.db.prisma.photo.create({ data: { ...refused, state: 'refused', deletedAt: new Date() } });
  expect(await ids(true)).toEqual([first]);
  expect(await ids(false)).not.toContain(first);
  await expect(listPhotos(deps, stranger, { modelId, deleted: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await restorePhoto(deps, actor, { id: first });
  expect(await ids(true)).toEqual([]);
});

it('lists deleted collections, the last one first', async () => {
  const [rain, snow, old] = await Promise.all(
    ['Rain', 'Snow', 'Old'].map((name) => createCollection(deps, actor, { name })),
  );
  await deleteCollection(deps, actor, { id: rain?.id ?? '' });
  await deleteCollection(deps, actor, { id: snow?.id ?? '' });
  await deps.db.prisma.collection.update({ where: { id: old?.id ?? '' }, data: { deletedAt: TOO_LONG_AGO } });
  const names = async (who: Actor) => (await listDeletedCollections(deps, who)).items.map(({ name }) => name);
  expect([await names(actor), await names(stranger)]).toEqual([['Snow', 'Rain'], []]);
  await restoreCollection(deps, actor, { id: snow?.id ?? '' });
  expect(await names(actor)).toEqual(['Rain']);
});
