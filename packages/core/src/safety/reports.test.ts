/** Reports: what a stranger may learn, what a decision does at once, and that a worker then leaves nothing of it. */
import { createHash } from 'node:crypto';
import { claimErasure } from '@pixgen/db';
import { type FileReportInput, newId, REPORT_DUE_MS, type ReportDecision } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_CALL_LIMITS } from '../account/call-limits.ts';
import type { Actor, Deps } from '../deps.ts';
import { runErasure } from '../erasure/run-erasure.ts';
import { deliverImage, deliverPhoto } from '../gallery/deliver-image.ts';
import { downloadImage } from '../gallery/download-image.ts';
import { getImage, listImages } from '../gallery/read-images.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { createWorld, type World } from '../testing-world.ts';
import {
  decideReport,
  fileReport,
  getReport,
  getReportProgress,
  listReports,
  readClock,
  warnOfOverdueReports,
} from './reports.ts';

const PER_HOUR = 5;
let test: TestDeps;
let deps: Deps;
let admin: Actor;
let addresses = 0;
beforeAll(async () => {
  test = await createTestDeps({ callLimits: { ...NO_CALL_LIMITS, reportsPerHour: PER_HOUR } });
  ({ deps } = test);
  admin = { ...(await createActor(deps)), role: 'admin' };
  await deps.db.prisma.user.update({ where: { id: admin.userId }, data: { role: 'admin' } });
});
afterAll(() => test.close());

/** Of a caller whom nobody has heard of before. */
function stranger() {
  addresses += 1;
  return { actor: null, address: `2001:db8:0:${addresses.toString(16)}::1` };
}
const report = (changes: Partial<FileReportInput> = {}): FileReportInput => ({
  what: 'somebody’s picture',
  reason: 'without-consent',
  words: 'That is me.',
  ...changes,
});
const file = (what: string) => fileReport(deps, stranger(), report({ what }));
const idOf = async (code: string): Promise<string> => {
  const codeHash = createHash('sha256').update(code).digest('hex');
  return (await deps.db.prisma.report.findUniqueOrThrow({ where: { codeHash } })).id;
};

async function createOwner(): Promise<{ owner: Actor; world: World; picture: Buffer }> {
  const owner = await createActor(deps);
  const world = await createWorld(deps, owner.userId);
  await deps.db.prisma.report.deleteMany({ where: { id: world.reportId } });
  await deps.db.prisma.strike.deleteMany({ where: { userId: owner.userId } });
  const create = { width: 128, height: 128, channels: 3, background: '#248' } as const;
  const picture = await sharp({ create }).png().toBuffer();
  const { storageKey } = await deps.db.prisma.image.findUniqueOrThrow({ where: { id: world.imageId } });
  await deps.storage.write(storageKey ?? '', picture, 'image/png');
  const photo = await sharp({ create }).jpeg().toBuffer();
  await deps.storage.write(keys.photo(owner.userId, world.modelId, world.photoId), photo, 'image/jpeg');
  return { owner, world, picture };
}

async function decide(
  what: string,
  decision: ReportDecision,
  targetId?: string,
): Promise<{ code: string; id: string }> {
  const { code } = await file(what);
  const id = await idOf(code);
  await decideReport(deps, admin, { id, decision, ...(targetId && { targetId }) });
  return { code, id };
}

/** Everything that is due, by one worker, to the last sweep. */
async function eraseAll(): Promise<void> {
  const tools = { gpu: { cancel: async () => {} }, deleteIdentity: null };
  for (let turn = 0; turn < 2; turn += 1) {
    await deps.db.pool.query('UPDATE "Erasure" SET "dueAt" = now() - interval \'1 second\'');
    for (let next = await claimErasure(deps.db.pool, 60_000); next; next = await claimErasure(deps.db.pool, 60_000))
      await runErasure(deps, next, tools);
  }
}
const objectsOf = async (prefix: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const { key } of deps.storage.list(prefix)) found.push(key);
  return found;
};
const SMALL = { widthPx: null, format: 'webp' } as const;

describe('a report', () => {
  it('is taken from anybody and answered alike for what exists and what does not', async () => {
    const { world } = await createOwner();
    const known = await file(`/gallery/${world.imageId}`);
    const unknown = await file(`/gallery/${newId()}`);
    for (const { code, receivedAt, dueAt } of [known, unknown]) {
      expect(Date.parse(dueAt) - Date.parse(receivedAt)).toBe(REPORT_DUE_MS);
      const progress = await getReportProgress(deps, { code });
      expect(progress).toEqual({ state: 'open', reason: 'without-consent', receivedAt, dueAt, decidedAt: null });
    }
    await expect(getReportProgress(deps, { code: 'A'.repeat(43) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is limited by address, of IPv6 by network, and keeps no address', async () => {
    const from = (address: string) => fileReport(deps, { actor: null, address }, report());
    const network = `2001:db8:ffff:${Date.now().toString(16).slice(-4)}`;
    for (let n = 1; n <= PER_HOUR; n += 1) await from(`${network}::${n}`);
    await expect(from(`${network}:ab::9`)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: expect.any(Number),
    });
    await from(`2001:db8:fffe:${Date.now().toString(16).slice(-4)}::1`);
    const rows = await deps.db.pool.query<{ row: string }>('SELECT r::text AS row FROM "Report" r');
    expect(rows.rows.filter(({ row }) => row.includes('2001:db8'))).toEqual([]);
  });

  it('leaves its words in no log and no line of the audit log', async () => {
    const lines: string[] = [];
    const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const loud: Deps = { ...deps, log: { debug: note, info: note, warn: note, error: note } };
    const canary = `canary${newId()}`;
    const contact = `${canary}@example.test`;
    const { code } = await fileReport(
      loud,
      stranger(),
      report({ what: canary, words: `${canary}\n${canary}`, contact }),
    );
    const id = await idOf(code);
    expect(await getReport(loud, admin, { id })).toMatchObject({ words: `${canary}\n${canary}`, contact });
    await decideReport(loud, admin, { id, decision: 'dismiss' });
    expect(lines.length).toBeGreaterThan(1);
    const entries = await deps.db.pool.query<{ row: string }>('SELECT a::text AS row FROM "AuditEntry" a');
    for (const text of [...lines, ...entries.rows.map(({ row }) => row)]) {
      expect(text).not.toContain(canary);
      expect(text).not.toContain(code);
    }
  });

  it('is listed with what is due first, and says so when its 48 hours are over', async () => {
    const [late, early] = [await file('late'), await file('early')];
    const { prisma } = deps.db;
    const lateId = await idOf(late.code);
    await prisma.report.update({ where: { id: lateId }, data: { dueAt: new Date(Date.now() - 1_000) } });
    const { items } = await listReports(deps, { open: true, limit: 100 });
    const order = items.map(({ id }) => id);
    expect(order.indexOf(lateId)).toBeLessThan(order.indexOf(await idOf(early.code)));
    expect(items.filter(({ overdue }) => overdue).map(({ id }) => id)).toEqual([lateId]);
    expect(await readClock(deps)).toMatchObject({ open: items.length, overdue: 1 });
    const warnings: object[] = [];
    const log = { ...deps.log, warn: (fields: object) => void warnings.push(fields) };
    await warnOfOverdueReports({ ...deps, log });
    expect(warnings).toMatchObject([{ overdue: 1 }]);
    await decideReport(deps, admin, { id: lateId, decision: 'dismiss' });
    await warnOfOverdueReports({ ...deps, log });
    expect(warnings).toHaveLength(1);
  });

  it('shows an administrator what it names, and each look is logged', async () => {
    const { owner, world } = await createOwner();
    const id = await idOf((await file(`look: /gallery/${world.imageId}, /p/${world.photoId.toUpperCase()}`)).code);
    const detail = await getReport(deps, admin, { id });
    expect(detail.targets.map(({ kind }) => kind).toSorted()).toEqual(['image', 'photo']);
    for (const { picture, owner: shown } of detail.targets) {
      expect(shown.id).toBe(owner.userId);
      const drawn = Buffer.from((picture ?? '').replace('data:image/webp;base64,', ''), 'base64');
      expect((await sharp(drawn).metadata()).format).toBe('webp');
    }
    const looks = await deps.db.prisma.auditEntry.findMany({ where: { action: 'report.viewed' } });
    expect(looks.filter(({ detail: line }) => (line as { reportId?: string }).reportId === id)).toMatchObject([
      { detail: { pictures: 2 } },
    ]);
  });
});

describe('a decision', () => {
  it('to take down a picture hides it at once from everybody, and nothing of it is left in the end', async () => {
    const { owner, world } = await createOwner();
    const { prisma } = deps.db;
    const { storageKey } = await prisma.image.findUniqueOrThrow({ where: { id: world.imageId } });
    await prisma.dataExport.create({ data: { id: newId(), userId: owner.userId, state: 'ready' } });
    // A small version lies in the store, as a browser was shown it.
    await (await deliverImage(deps, owner, { id: world.imageId, widthPx: 128, format: 'webp' })).bytes();
    const { code } = await decide(`/i/${world.imageId}`, 'take-down-picture', world.imageId);

    await expect(deliverImage(deps, owner, { id: world.imageId, ...SMALL })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(downloadImage(deps, owner, { id: world.imageId })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect((await getImage(deps, owner, { id: world.imageId })).failure?.message).toContain('taken down');
    const filter = { modelId: world.modelId, limit: 10, offset: 0 };
    for (const deleted of [false, true])
      expect((await listImages(deps, owner, { ...filter, deleted } as Parameters<typeof listImages>[2])).items).toEqual(
        [],
      );
    expect(await prisma.dataExport.count({ where: { userId: owner.userId } })).toBe(0);
    expect((await getReportProgress(deps, { code })).state).toBe('taken-down');
    expect(await prisma.strike.findMany({ where: { userId: owner.userId } })).toMatchObject([{ reason: 'taken-down' }]);

    await eraseAll();
    expect(await objectsOf(storageKey ?? '')).toEqual([]);
    expect(await objectsOf(keys.derivatives(storageKey ?? ''))).toEqual([]);
    // Its line stays, so that a retry of the order does not draw it again.
    expect(await prisma.image.findUnique({ where: { id: world.imageId } })).toMatchObject({
      failureCode: 'TAKEN_DOWN',
    });
    const erasures = await prisma.erasure.findMany({ where: { kind: 'image' } });
    expect(erasures).toMatchObject([{ state: 'swept', requestedBy: 'operator', objectKey: null, userId: null }]);
    const [receipt] = erasures;
    expect(receipt?.receipt).toMatchObject({ counts: { images: 1 } });
  });

  it('to take down a photo or a model erases that, and leaves the rest of the person alone', async () => {
    const { owner, world } = await createOwner();
    const { prisma } = deps.db;
    await decide(`/p/${world.photoId}`, 'take-down-picture', world.photoId);
    await expect(deliverPhoto(deps, owner, { id: world.photoId, ...SMALL })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const { code } = await decide('a sample of theirs', 'take-down-model', world.sampleId);
    await expect(deliverImage(deps, owner, { id: world.imageId, ...SMALL })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await eraseAll();
    expect(await prisma.model.count({ where: { id: world.modelId } })).toBe(0);
    expect(await prisma.photo.count({ where: { id: world.photoId } })).toBe(0);
    expect(await prisma.user.findUnique({ where: { id: owner.userId } })).toMatchObject({ status: 'active' });
    expect((await getReportProgress(deps, { code })).state).toBe('taken-down');
  });

  it('to suspend ends what the person may do, and no administrator suspends themselves by it', async () => {
    const { owner, world } = await createOwner();
    const own = await createWorld(deps, admin.userId);
    const id = await idOf((await file(`/models/${own.modelId}`)).code);
    await expect(
      decideReport(deps, admin, { id, decision: 'suspend-person', targetId: own.modelId }),
    ).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await decideReport(deps, admin, { id, decision: 'suspend-person', targetId: world.modelId });
    expect(await deps.db.prisma.user.findUnique({ where: { id: owner.userId } })).toMatchObject({
      status: 'suspended',
    });
  });

  it('is made once, however many administrators decide at the same moment', async () => {
    const { world } = await createOwner();
    const id = await idOf((await file(`/gallery/${world.imageId}`)).code);
    const decisions = ['dismiss', 'take-down-picture', 'take-down-model', 'suspend-person'] as const;
    const results = await Promise.allSettled(
      decisions.map((decision) => decideReport(deps, admin, { id, decision, targetId: world.imageId })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'STATE_CONFLICT' });
    const logged = await deps.db.prisma.auditEntry.findMany({ where: { action: 'report.decided' } });
    expect(logged.filter(({ detail }) => (detail as { reportId?: string }).reportId === id)).toHaveLength(1);
    await eraseAll();
  });

  it('needs something that is there', async () => {
    const { world } = await createOwner();
    const id = await idOf((await file('words only')).code);
    const take = (decision: ReportDecision, targetId?: string) =>
      decideReport(deps, admin, { id, decision, ...(targetId && { targetId }) });
    await expect(take('take-down-picture')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(take('take-down-picture', newId())).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(take('take-down-picture', world.modelId)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(decideReport(deps, admin, { id: newId(), decision: 'dismiss' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await deps.db.prisma.report.findUniqueOrThrow({ where: { id } })).state).toBe('open');
  });
});
