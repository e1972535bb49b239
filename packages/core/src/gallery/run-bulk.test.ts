import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BulkView, LIMITS, newId } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { eraseModel } from '../erasure/request-erasure.ts';
import { sweep } from '../sweep/sweep.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { TINY_PNG } from '../testing-world.ts';
import { cancelBulk, downloadBulkFile, getBulk, listBulk, startBulk, undoBulk } from './bulk-operations.ts';
import { deleteImages } from './change-images.ts';
import { createCollection } from './collections.ts';
import { listImages } from './read-images.ts';
import { failBulk, runBulk } from './run-bulk.ts';
import { createImages } from './testing.ts';

let stack: TestDeps;
let deps: Deps;
const ALL = { deleted: false };
const PAGE = { limit: 100, offset: 0, deleted: false };
const RUN = { signal: new AbortController().signal };
const DAY_MS = 86_400_000;

beforeAll(async () => {
  stack = await createTestDeps();
  deps = stack.deps;
});
afterAll(() => stack.close());

const order = (
  actor: Actor,
  kind: BulkView['kind'],
  selection: Parameters<typeof startBulk>[2]['selection'],
  rest = {},
) => startBulk(deps, actor, { kind, selection, idempotencyKey: newId(), ...rest });
const run = (operation: BulkView, budget?: Parameters<typeof runBulk>[3]) =>
  runBulk(deps, { operationId: operation.id }, RUN, budget);
const shown = async (actor: Actor, deleted = false) =>
  (await listImages(deps, actor, { ...PAGE, deleted })).items.map((image) => image.id);
const everything = () => ({
  matching: ALL,
  except: [] as string[],
  madeBefore: new Date(Date.now() + 1_000).toISOString(),
});

describe('a delete of many', () => {
  it('takes all that match but for some, says how far it is, and its undo brings back those and no others', async () => {
    const actor = await createActor(deps);
    const stranger = await createActor(deps);
    const { ids } = await createImages(deps, actor, 6, { prompts: ['owl', 'owl', 'owl', 'owl', 'heron', 'owl'] });
    const foreign = await createImages(deps, stranger, 1, { prompts: ['owl'] });
    await deleteImages(deps, actor, { ids: ids.slice(0, 1) });
    const matching = { ...ALL, search: 'owl' };
    const operation = await order(actor, 'delete', { ...everything(), matching, except: [ids[1] ?? ''] });
    expect(operation).toMatchObject({ state: 'queued', total: 3, done: 0 });
    await run(operation);
    expect(await getBulk(deps, actor, operation)).toMatchObject({ state: 'succeeded', total: 3, done: 3 });
    expect(await shown(actor)).toEqual([ids[4], ids[1]]);
    expect(await shown(stranger)).toEqual(foreign.ids);
    const undo = await undoBulk(deps, actor, { id: operation.id, idempotencyKey: newId() });
    await run(undo);
    expect(await shown(actor)).toEqual(ids.slice(1).toReversed());
    expect(await shown(actor, true)).toEqual(ids.slice(0, 1));
  });

  it('leaves alone what was made after the person looked', async () => {
    const actor = await createActor(deps);
    const before = await createImages(deps, actor, 2);
    const madeBefore = new Date().toISOString();
    await deps.db.prisma.image.updateMany({
      where: { id: { in: before.ids } },
      data: { createdAt: new Date(Date.parse(madeBefore) - 1_000) },
    });
    const operation = await order(actor, 'delete', { ...everything(), madeBefore });
    const after = await createImages(deps, actor, 1);
    await run(operation);
    expect(await shown(actor)).toEqual(after.ids);
  });

  it('runs twice without a second effect, also by two workers at once, and not at all after a cancel', async () => {
    const actor = await createActor(deps);
    await createImages(deps, actor, 30);
    const operation = await order(actor, 'delete', everything());
    await Promise.all([run(operation), run(operation), run(operation)]);
    await run(operation);
    expect(await getBulk(deps, actor, operation)).toMatchObject({ state: 'succeeded', done: 30 });
    const cancelled = await order(actor, 'restore', { ...everything(), matching: { deleted: true } });
    await cancelBulk(deps, actor, cancelled);
    await run(cancelled);
    expect(await shown(actor)).toEqual([]);
    await expect(cancelBulk(deps, actor, cancelled)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });
});

describe('a download of many', () => {
  const files = async (actor: Actor, operation: BulkView) => {
    const { files: made } = await getBulk(deps, actor, operation);
    return Promise.all(
      made.map(async (_, file) => {
        const { url, fileName } = await downloadBulkFile(deps, actor, { id: operation.id, file });
        const answer = await fetch(url);
        expect(answer.headers.get('content-disposition')).toContain(fileName);
        return unzip(Buffer.from(await answer.arrayBuffer()));
      }),
    );
  };
  const withObjects = async (actor: Actor, count: number) => {
    const { ids } = await createImages(deps, actor, count);
    for (const id of ids) await deps.storage.write(`o/${actor.userId}/${id}.png`, pngOf(id), 'image/png');
    return ids;
  };
  /** Decoders stop at its end. */
  const pngOf = (id: string) => Buffer.concat([TINY_PNG, Buffer.from(id)]);
  const hexOf = (id: string | undefined) => pngOf(id ?? '').toString('hex');

  it('packs the images as they are, passes over what is gone, and signs the file for its owner alone', async () => {
    const actor = await createActor(deps);
    const stranger = await createActor(deps);
    const ids = await withObjects(actor, 4);
    await deps.storage.remove([`o/${actor.userId}/${ids[2]}.png`]);
    const operation = await order(actor, 'download', { ids });
    await run(operation);
    const done = await getBulk(deps, actor, operation);
    expect(done).toMatchObject({
      state: 'succeeded',
      total: 4,
      done: 4,
      skipped: 1,
      files: [{ name: expect.stringMatching(/\.zip$/) }],
    });
    const [zip] = await files(actor, operation);
    expect(Object.values(zip ?? {}).toSorted()).toEqual([0, 1, 3].map((at) => hexOf(ids[at])).toSorted());
    for (const call of [
      getBulk,
      cancelBulk,
      (d: Deps, a: Actor, { id }: { id: string }) => downloadBulkFile(d, a, { id, file: 0 }),
    ])
      await expect(call(deps, stranger, operation)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await listBulk(deps, stranger)).items).toEqual([]);
  });

  it('goes on in further files, each image in one of them, whatever was repeated', async () => {
    const actor = await createActor(deps);
    const ids = await withObjects(actor, 120);
    const operation = await order(actor, 'download', { ids });
    // A file is full with its first batch, and the task ends with its first file.
    const budget = { taskMs: 0, fileBytes: 1 };
    for (let turn = 0; turn < 4; turn += 1) await Promise.all([run(operation, budget), run(operation, budget)]);
    expect(await getBulk(deps, actor, operation)).toMatchObject({ state: 'succeeded', done: 120 });
    const zips = await files(actor, operation);
    expect(zips.length).toBeGreaterThan(1);
    expect(zips.flatMap((zip) => Object.values(zip)).toSorted()).toEqual(ids.map(hexOf).toSorted());
    const stored: string[] = [];
    for await (const { key } of deps.storage.list(keys.bundles(actor.userId, operation.id))) stored.push(key);
    expect(stored).toHaveLength(zips.length);
  });

  it('is kept for a day', async () => {
    const actor = await createActor(deps);
    const operation = await order(actor, 'download', { ids: await withObjects(actor, 1) });
    await run(operation);
    const row = { where: { id: operation.id }, data: { endedAt: new Date(Date.now() - DAY_MS - 1_000) } };
    await deps.db.prisma.bulkOperation.update(row);
    await expect(downloadBulkFile(deps, actor, { id: operation.id, file: 0 })).rejects.toMatchObject({ code: 'GONE' });
    await sweep(deps);
    for await (const { key } of deps.storage.list(keys.bundles(actor.userId, operation.id))) expect(key).toBeNull();
    await expect(getBulk(deps, actor, operation)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends with the erasure of a model, whose images it may hold', async () => {
    const actor = await createActor(deps);
    const ids = await withObjects(actor, 1);
    const image = await deps.db.prisma.image.findUniqueOrThrow({ where: { id: ids[0] ?? '' } });
    const other = await createImages(deps, actor, 1);
    const download = await order(actor, 'download', { ids });
    await run(download);
    const waiting = await order(actor, 'download', { ids: [...ids, ...other.ids] });
    const named = await order(actor, 'delete', { ids });
    const unnamed = await order(actor, 'delete', { ids: other.ids });
    await eraseModel(deps, actor, { id: image.modelId });
    for (const gone of [download, waiting, named])
      await expect(getBulk(deps, actor, gone)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await run(waiting);
    await run(unnamed);
    expect(await getBulk(deps, actor, unnamed)).toMatchObject({ state: 'succeeded', done: 1 });
  });

  it('stops with a cancel in the middle, and leaves no file behind', async () => {
    const actor = await createActor(deps);
    const ids = await withObjects(actor, 60);
    const operation = await order(actor, 'download', { ids });
    const read = deps.storage.read.bind(deps.storage);
    let reads = 0;
    const slow: Deps = {
      ...deps,
      storage: {
        ...deps.storage,
        async read(key, maxBytes) {
          reads += 1;
          if (reads === 20) await cancelBulk(deps, actor, operation);
          return read(key, maxBytes);
        },
      },
    };
    await runBulk(slow, { operationId: operation.id }, RUN);
    expect(await getBulk(deps, actor, operation)).toMatchObject({ state: 'cancelled', files: [] });
    for await (const { key } of deps.storage.list(keys.bundles(actor.userId, operation.id))) expect(key).toBeNull();
  });
});

describe('an act on many', () => {
  it('is ordered once, however often it is sent, and not for nothing', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 2);
    const input = { kind: 'delete', selection: { ids }, idempotencyKey: newId() } as const;
    const answers = await Promise.all([startBulk(deps, actor, input), startBulk(deps, actor, input)]);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(
      await deps.db.prisma.outbox.count({
        where: { task: 'bulk', payload: { path: ['operationId'], equals: answers[0]?.id ?? '' } },
      }),
    ).toBe(1);
    await expect(order(actor, 'delete', { ids: [newId()] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(order(actor, 'collect', { ids })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(order(actor, 'collect', { ids }, { collectionId: newId() })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('fills a collection', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 3);
    const { id: collectionId } = await createCollection(deps, actor, { name: 'Best' });
    for (let turn = 0; turn < 2; turn += 1) await run(await order(actor, 'collect', everything(), { collectionId }));
    expect((await listImages(deps, actor, { ...PAGE, collectionId })).items.map(({ id }) => id)).toEqual(
      ids.toReversed(),
    );
  });

  it('that kills its worker ends with a reason', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 1);
    const operation = await order(actor, 'delete', { ids });
    await failBulk(deps, { operationId: operation.id });
    expect(await getBulk(deps, actor, operation)).toMatchObject({
      state: 'failed',
      failure: expect.stringContaining('stopped'),
    });
  });
});

/** By another program than the one that packs, so that both must agree on the format. */
function unzip(bytes: Buffer): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'pixgen-zip-'));
  try {
    const file = join(folder, 'a.zip');
    writeFileSync(file, bytes);
    const script =
      'import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(json.dumps({n:z.read(n).hex() for n in z.namelist()}))';
    return JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' })) as Record<string, string>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('what one person may have under way', () => {
  it('is limited also for calls at once, and a repeated call gets the first answer', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 1);
    const idempotencyKey = newId();
    const answers = await Promise.allSettled(
      Array.from({ length: 30 }, (_, at) =>
        order(actor, 'download', { ids }, at < 3 ? { idempotencyKey } : { idempotencyKey: newId() }),
      ),
    );
    const taken = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
    expect(new Set(taken).size).toBe(LIMITS.bulkOperations.max);
    expect(await deps.db.prisma.bulkOperation.count({ where: { userId: actor.userId } })).toBe(
      LIMITS.bulkOperations.max,
    );
    for (const one of answers)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'RATE_LIMITED' });
    // A key with an answer is no further call.
    const [first = ''] = taken;
    const { idempotencyKey: known } = await deps.db.prisma.bulkOperation.findUniqueOrThrow({ where: { id: first } });
    expect((await order(actor, 'download', { ids }, { idempotencyKey: known })).id).toBe(first);
  });

  it('may not fill the store with copies: downloads that are kept or under way have a limit together', async () => {
    const actor = await createActor(deps);
    const { ids } = await createImages(deps, actor, 1);
    const files = [{ key: `z/${actor.userId}/x`, name: 'x.zip', sizeBytes: LIMITS.keptDownloadBytes.max - 5 }];
    const kept = { userId: actor.userId, kind: 'download', selection: { ids }, total: 1 };
    const ended = { id: newId(), ...kept, idempotencyKey: newId(), state: 'succeeded', endedAt: new Date(), files };
    const live = { id: newId(), ...kept, idempotencyKey: newId(), sizeBytes: 5n };
    await deps.db.prisma.bulkOperation.createMany({ data: [ended] });
    await order(actor, 'download', { ids });
    await deps.db.prisma.bulkOperation.createMany({ data: [live] });
    await expect(order(actor, 'download', { ids })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    // Other acts store nothing.
    expect((await order(actor, 'delete', { ids })).state).toBe('queued');
    await deps.db.prisma.bulkOperation.delete({ where: { id: ended.id } });
    const again = await createImages(deps, actor, 1);
    expect((await order(actor, 'download', { ids: again.ids })).state).toBe('queued');
  });
});
