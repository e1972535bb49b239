import { claimDataExport, keepDataExport, requestErasure } from '@pixgen/db';
import { newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { runErasure } from '../erasure/run-erasure.ts';
import { createModel } from '../models/write-model.ts';
import { sweep } from '../sweep/sweep.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { createWorld } from '../testing-world.ts';
import { makeExport } from './make-export.ts';
import { getExport, requestExport } from './request-export.ts';

/** What ends in the ZIP is looked at in `tools/integration/erasure.test.ts`. */
const IN_HAND_MS = 60_000;

let test: TestDeps;
let deps: Deps;
beforeAll(async () => {
  test = await createTestDeps();
  ({ deps } = test);
});
afterAll(() => test.close());

async function claim(actor: Actor) {
  await requestExport(deps, actor);
  const wanted = await claimDataExport(deps.db.pool, IN_HAND_MS);
  if (wanted?.userId !== actor.userId) throw new Error('no export is due');
  return wanted;
}

/** A store that fails once this many objects were read. */
function failingAfter(objects: number): Deps {
  let left = objects;
  const readStream: Deps['storage']['readStream'] = (key) => {
    left -= 1;
    return left < 0 ? Promise.reject(new Error('the store went away')) : deps.storage.readStream(key);
  };
  return { ...deps, storage: { ...deps.storage, readStream } };
}

async function createPerson(photos: number): Promise<Actor> {
  const actor = await createActor(deps);
  const { id: modelId } = await createModel(deps, actor, { name: 'Ada', classWord: 'dog' });
  for (let n = 0; n < photos; n += 1) {
    // Larger than a part of an upload together.
    await deps.storage.write(
      keys.photo(actor.userId, modelId, newId()),
      Buffer.alloc(7 * 1024 * 1024, n),
      'image/jpeg',
    );
  }
  return actor;
}

it('is made once by one worker, and again from the beginning when that one failed', async () => {
  const actor = await createPerson(4);
  const wanted = await claim(actor);
  expect(await claimDataExport(deps.db.pool, IN_HAND_MS)).toBeNull();
  const { signal } = new AbortController();
  await expect(makeExport(failingAfter(3), wanted, signal)).rejects.toThrow();
  expect((await getExport(deps, actor)).dataExport).toMatchObject({ state: 'making', url: null });
  await makeExport(deps, wanted, signal);
  const { dataExport } = await getExport(deps, actor);
  expect(dataExport?.sizeBytes).toBeGreaterThan(28 * 1024 * 1024);
  expect(await deps.storage.abortUploads(keys.dataExport(actor.userId, wanted.id))).toBe(0);
});

it('ends with the account: nobody keeps it, and what was stored of it goes', async () => {
  const actor = await createPerson(4);
  const { userId } = actor;
  const wanted = await claim(actor);
  const request = { kind: 'account', userId, targetId: userId, requestedBy: 'owner', codeHash: newId() } as const;
  const unwanted = new AbortController();
  const slow: Deps = {
    ...deps,
    storage: {
      ...deps.storage,
      async readStream(key) {
        await requestErasure(deps.db, request);
        if (!(await keepDataExport(deps.db.pool, wanted.id, IN_HAND_MS))) unwanted.abort();
        return deps.storage.readStream(key);
      },
    },
  };
  await expect(makeExport(slow, wanted, unwanted.signal)).rejects.toThrow();
  const [erasure] = (await deps.db.pool.query(`SELECT * FROM "Erasure" WHERE "userId" = $1`, [userId])).rows;
  await runErasure(deps, erasure, { gpu: { cancel: async () => {} }, deleteIdentity: null });
  for (const prefix of keys.ofUser(userId)) {
    for await (const { key } of deps.storage.list(prefix)) throw new Error(`${key} is left`);
    expect(await deps.storage.abortUploads(prefix)).toBe(0);
  }
});

it('replaces the one before it, which goes with the next sweep', async () => {
  const actor = await createPerson(0);
  const first = await claim(actor);
  await makeExport(deps, first, new AbortController().signal);
  // No longer fresh enough to be the answer.
  const data = { createdAt: new Date(Date.now() - 2 * 3_600_000) };
  await deps.db.prisma.dataExport.update({ where: { id: first.id }, data });
  const second = await claim(actor);
  await makeExport(deps, second, new AbortController().signal);
  await sweep(deps, Date.now() + 1_000);
  const there = await Promise.all(
    [first, second].map(async ({ id }) => (await deps.storage.head(keys.dataExport(actor.userId, id))) !== null),
  );
  expect(there).toEqual([false, true]);
});

describe('a copy of everything', () => {
  async function erase(kind: 'photo' | 'model' | 'image', userId: string, targetId: string) {
    const request = { kind, userId, targetId, requestedBy: 'owner', codeHash: newId() } as const;
    const requested = await requestErasure(deps.db, request);
    if (typeof requested === 'string') throw new Error(requested);
    const { rows } = await deps.db.pool.query(`SELECT * FROM "Erasure" WHERE id = $1`, [requested.id]);
    return () => runErasure(deps, rows[0], { gpu: { cancel: async () => {} }, deleteIdentity: null });
  }
  async function withThings() {
    const actor = await createPerson(0);
    const { modelId, photoId, imageId } = await createWorld(deps, actor.userId);
    // The world brings one that nobody works on.
    await deps.db.pool.query('DELETE FROM "Erasure" WHERE "userId" = $1', [actor.userId]);
    return { actor, targets: { photo: photoId, model: modelId, image: imageId } };
  }

  it.each(['photo', 'model', 'image'] as const)('that holds an erased %s ends with it', async (kind) => {
    const { actor, targets } = await withThings();
    const wanted = await claim(actor);
    await makeExport(deps, wanted, new AbortController().signal);
    const key = keys.dataExport(actor.userId, wanted.id);
    expect(await deps.storage.head(key)).not.toBeNull();
    const run = await erase(kind, actor.userId, targets[kind]);
    // Nobody is given a way to it from the answer on.
    expect((await getExport(deps, actor)).dataExport).toBeNull();
    await run();
    expect(await deps.storage.head(key)).toBeNull();
  });

  it('that is under way ends too, and the next one waits until what is erased is gone', async () => {
    const { actor, targets } = await withThings();
    const wanted = await claim(actor);
    const run = await erase('photo', actor.userId, targets.photo);
    expect(await keepDataExport(deps.db.pool, wanted.id, IN_HAND_MS)).toBe(false);
    await makeExport(deps, wanted, new AbortController().signal);
    expect(await deps.storage.head(keys.dataExport(actor.userId, wanted.id))).toBeNull();
    await requestExport(deps, actor);
    expect(await claimDataExport(deps.db.pool, IN_HAND_MS)).toBeNull();
    await run();
    expect(await claimDataExport(deps.db.pool, IN_HAND_MS)).toMatchObject({ userId: actor.userId });
  });

  it('that was asked for since stays, also when the erasure searches once more', async () => {
    const { actor, targets } = await withThings();
    const run = await erase('photo', actor.userId, targets.photo);
    await run();
    const wanted = await claim(actor);
    await makeExport(deps, wanted, new AbortController().signal);
    const { rows } = await deps.db.pool.query(`SELECT * FROM "Erasure" WHERE "userId" = $1 AND state = 'erased'`, [
      actor.userId,
    ]);
    await runErasure(deps, rows[0], { gpu: { cancel: async () => {} }, deleteIdentity: null });
    expect((await getExport(deps, actor)).dataExport?.url).toEqual(expect.any(String));
    expect(await deps.storage.head(keys.dataExport(actor.userId, wanted.id))).not.toBeNull();
  });
});

it('whose person is erased in the last moment leaves no file', async () => {
  const actor = await createPerson(1);
  const wanted = await claim(actor);
  const late: Deps = {
    ...deps,
    storage: {
      ...deps.storage,
      async head(key) {
        await deps.db.prisma.dataExport.deleteMany({ where: { userId: actor.userId } });
        return deps.storage.head(key);
      },
    },
  };
  await makeExport(late, wanted, new AbortController().signal);
  expect(await deps.storage.head(keys.dataExport(actor.userId, wanted.id))).toBeNull();
});

it('is answered with the newest one while that is fresh, and is nobody else’s', async () => {
  const actor = await createPerson(0);
  const first = await requestExport(deps, actor);
  expect((await requestExport(deps, actor)).dataExport.id).toBe(first.dataExport.id);
  expect((await getExport(deps, await createActor(deps))).dataExport).toBeNull();
});
