/** Strikes: what counts as one, what the person is told, and when an account is suspended. */
import { inTransaction, noteStrike } from '@pixgen/db';
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { runPack, startGeneration } from '../generation/start-generation.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { createWorld } from '../testing-world.ts';
import { describeSuspension, getStanding, liftStrike, listStrikes } from './strikes.ts';

const CANARY = 'canaryprompt';
let test: TestDeps;
let deps: Deps;
const logged: string[] = [];
beforeAll(async () => {
  test = await createTestDeps({ strikes: { limit: 3, days: 30 } });
  const note = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  deps = { ...test.deps, log: { debug: note, info: note, warn: note, error: note } };
});
afterAll(() => test.close());

async function createPerson(): Promise<{ actor: Actor; modelId: string }> {
  const actor = await createActor(deps);
  const { modelId } = await createWorld(deps, actor.userId);
  await deps.db.prisma.strike.deleteMany({ where: { userId: actor.userId } });
  return { actor, modelId };
}
const ask = ({ actor, modelId }: { actor: Actor; modelId: string }, prompt: string) =>
  startGeneration(deps, actor, { modelId, prompt, negativePrompt: '', n: 1, loraWeight: 1, idempotencyKey: newId() });
const strikeOf = (actor: Actor, ageMs: number) =>
  deps.db.prisma.strike.create({
    data: { id: newId(), userId: actor.userId, reason: 'prompt-sexual', at: new Date(Date.now() - ageMs) },
  });
const statusOf = async ({ userId }: Actor) =>
  (await deps.db.prisma.user.findUniqueOrThrow({ where: { id: userId } })).status;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

it('a refused prompt is one, and the person is told what it means', async () => {
  const person = await createPerson();
  await expect(ask(person, `${CANARY} nude`)).rejects.toMatchObject({
    code: 'PROMPT_REFUSED',
    message: expect.stringContaining('strike 1 of 3 in 30 days'),
  });
  expect(await getStanding(deps, person.actor)).toMatchObject({
    counted: 1,
    limit: 3,
    strikes: [{ reason: 'prompt-sexual', liftedAt: null }],
  });
});

it('a word that is changed and tried again is no second one, another kind is', async () => {
  const person = await createPerson();
  for (const prompt of ['nude', 'naked', 'topless']) await expect(ask(person, prompt)).rejects.toThrow('strike 1 of 3');
  await expect(ask(person, 'a teen in lingerie')).rejects.toThrow('strike 2 of 3');
});

it('the third within the days suspends, and says so', async () => {
  const person = await createPerson();
  await strikeOf(person.actor, 2 * HOUR_MS);
  await strikeOf(person.actor, 29 * DAY_MS);
  await expect(ask(person, 'nude')).rejects.toThrow('The account is suspended');
  expect(await statusOf(person.actor)).toBe('suspended');
  expect(String(await describeSuspension(deps, person.actor))).toContain('3 strikes');
  const { pseudonym } = await deps.db.prisma.user.findUniqueOrThrow({ where: { id: person.actor.userId } });
  const lines = await deps.db.prisma.auditEntry.findMany({ where: { subject: pseudonym }, orderBy: { id: 'asc' } });
  expect(lines.map(({ action }) => action)).toEqual(expect.arrayContaining(['strike.noted', 'status.changed']));
});

it('old ones and lifted ones do not count, and lifting is logged once', async () => {
  const person = await createPerson();
  await strikeOf(person.actor, 31 * DAY_MS);
  const { id } = await strikeOf(person.actor, 2 * HOUR_MS);
  await strikeOf(person.actor, 3 * HOUR_MS);
  const admin: Actor = { ...(await createActor(deps)), role: 'admin' };
  for (let turn = 0; turn < 2; turn += 1)
    expect(await liftStrike(deps, admin, { id })).toMatchObject({ person: { id: person.actor.userId } });
  await expect(ask(person, 'nude')).rejects.toThrow('strike 2 of 3');
  expect(await statusOf(person.actor)).toBe('active');
  expect((await listStrikes(deps, { limit: 10, userId: person.actor.userId })).items).toHaveLength(4);
  const { pseudonym } = await deps.db.prisma.user.findUniqueOrThrow({ where: { id: admin.userId } });
  expect(await deps.db.prisma.auditEntry.count({ where: { action: 'strike.lifted', actor: pseudonym } })).toBe(1);
  await expect(liftStrike(deps, admin, { id: newId() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('parallel ones count each other: the limit suspends however they come', async () => {
  const { actor } = await createPerson();
  const rule = { limit: 3, days: 30 };
  const counted = await Promise.all(
    Array.from({ length: 3 }, () =>
      inTransaction(deps.db.pool, (client) =>
        noteStrike(client, { userId: actor.userId, reason: 'taken-down', pauseMs: 0, rule }),
      ),
    ),
  );
  expect(counted.map((one) => one?.counted).toSorted()).toEqual([1, 2, 3]);
  expect(await statusOf(actor)).toBe('suspended');
});

it('an administrator is not locked out by it, and prompts of the operator’s packs are nobody’s strike', async () => {
  const person = await createPerson();
  await deps.db.prisma.user.update({ where: { id: person.actor.userId }, data: { role: 'admin' } });
  for (const hours of [2, 3, 4]) await strikeOf(person.actor, hours * HOUR_MS);
  await expect(ask(person, 'nude')).rejects.toThrow('strike 4 of 3');
  expect(await statusOf(person.actor)).toBe('active');

  const other = await createPerson();
  const pack = { id: newId(), slug: `pack-${newId()}`, name: 'A pack', description: '' };
  await deps.db.prisma.pack.create({ data: pack });
  const version = { id: newId(), packId: pack.id, version: 1, prompts: ['a nude {subject}'], negativePrompt: '' };
  await deps.db.prisma.packVersion.create({ data: version });
  const run = {
    slug: pack.slug,
    modelId: other.modelId,
    n: 1,
    negativePrompt: '',
    loraWeight: 1,
    idempotencyKey: newId(),
  };
  await expect(runPack(deps, other.actor, run)).rejects.toMatchObject({ code: 'PROMPT_REFUSED' });
  expect((await getStanding(deps, other.actor)).strikes).toEqual([]);
});

it('limit 0 notes nothing and suspends nobody', async () => {
  const person = await createPerson();
  const lenient: Deps = { ...deps, config: { ...deps.config, strikes: { limit: 0, days: 30 } } };
  const input = { modelId: person.modelId, prompt: 'nude', negativePrompt: '', n: 1, loraWeight: 1 };
  const refused = startGeneration(lenient, person.actor, { ...input, idempotencyKey: newId() });
  await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining('strike') });
  expect((await getStanding(deps, person.actor)).strikes).toEqual([]);
});

it('what was asked for stands in no log and no row', async () => {
  expect(logged.length).toBeGreaterThan(0);
  expect(logged.filter((line) => line.includes(CANARY))).toEqual([]);
  const { rows } = await deps.db.pool.query<{ row: string }>(
    'SELECT s::text AS row FROM "Strike" s UNION ALL SELECT a::text FROM "AuditEntry" a',
  );
  expect(rows.filter(({ row }) => row.includes(CANARY))).toEqual([]);
});
