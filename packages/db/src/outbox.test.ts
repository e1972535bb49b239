import { newId } from '@pixgen/domain';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addToOutbox, type OutboxRow, outboxAgeMs, relayOutbox, removeFromOutbox } from './outbox.ts';
import { createTestDb, type TestDb } from './testing.ts';

let db: TestDb;
let drop: () => Promise<void>;
/** Whoever waits for a lock here fails at once, instead of hanging the test. */
let impatient: pg.Pool;
beforeAll(async () => {
  ({ db, drop } = await createTestDb());
  impatient = db.openPool('lock_timeout=1000');
});
afterAll(async () => {
  await drop();
});
beforeEach(async () => {
  await db.prisma.outbox.deleteMany();
});

/** @param dueInMs from now on; the past is due */
async function addRow(dueInMs: number): Promise<string> {
  const row = { id: newId(), task: 'dispatch', payload: { n: dueInMs }, dueAt: new Date(Date.now() + dueInMs) };
  await db.prisma.outbox.create({ data: row });
  return row.id;
}

const left = async (): Promise<string[]> => (await db.prisma.outbox.findMany()).map(({ id }) => id).toSorted();

describe('the relay', () => {
  it('hands over what is due as it was written, takes it away, and leaves the rest', async () => {
    const due = [await addRow(-2_000), await addRow(-1_000)];
    const later = await addRow(3_600_000);
    const sent: OutboxRow[] = [];
    const moved = await relayOutbox(db.pool, 10, async (rows) => void sent.push(...rows));
    expect(moved).toBe(2);
    expect(sent.map(({ id }) => id).toSorted()).toEqual(due.toSorted());
    expect(sent).toContainEqual({ id: due[0], task: 'dispatch', payload: { n: -2_000 } });
    expect(await left()).toEqual([later]);
  });

  it('takes what has waited longest first, and no more than it was asked for', async () => {
    const newest = await addRow(-1_000);
    const oldest = await addRow(-9_000);
    const middle = await addRow(-5_000);
    const sent: string[] = [];
    // Without the index that would give them in this order by chance.
    const scanning = db.openPool('enable_indexscan=off');
    const relayOne = () => relayOutbox(scanning, 1, async (rows) => void sent.push(...rows.map(({ id }) => id)));
    expect([await relayOne(), await relayOne(), await relayOne()]).toEqual([1, 1, 1]);
    expect(sent).toEqual([oldest, middle, newest]);
  });

  it('is late by what has waited longest, and not by what is due later', async () => {
    await addRow(3_600_000);
    expect(await outboxAgeMs(db.pool)).toBe(0);
    await addRow(-1_000);
    await addRow(-60_000);
    const age = await outboxAgeMs(db.pool);
    expect(age).toBeGreaterThanOrEqual(60_000);
    expect(age).toBeLessThan(3_600_000);
  });

  it('loses nothing when the queue cannot be reached', async () => {
    const id = await addRow(-1_000);
    const away = () => Promise.reject(new Error('the queue is away'));
    await expect(relayOutbox(db.pool, 10, away)).rejects.toThrow('the queue is away');
    expect(await left()).toEqual([id]);
  });

  it('takes rows away only after they were handed over', async () => {
    const id = await addRow(-1_000);
    const seen: string[][] = [];
    await relayOutbox(db.pool, 10, async () => void seen.push(await left()));
    expect(seen).toEqual([[id]]);
    expect(await left()).toEqual([]);
  });

  it('shares the rows with a relay that works at the same time, and neither waits for the other', async () => {
    const all = [await addRow(-3_000), await addRow(-2_000), await addRow(-1_000)];
    const sent: string[] = [];
    const note = (rows: OutboxRow[]): void => void sent.push(...rows.map(({ id }) => id));
    await relayOutbox(impatient, 2, async (rows) => {
      note(rows);
      await relayOutbox(impatient, 10, async (others) => note(others));
    });
    expect(sent.toSorted()).toEqual(all.toSorted());
    expect(await left()).toEqual([]);
  });

  it('does not disturb the queue when there is nothing to hand over', async () => {
    const sent: OutboxRow[][] = [];
    expect(await relayOutbox(db.pool, 10, async (rows) => void sent.push(rows))).toBe(0);
    expect(sent).toEqual([]);
  });
});

describe('outbox rows', () => {
  const row = (): OutboxRow => ({ id: newId(), task: 'erase', payload: { photo: 'x' } });

  it('are due at once, and are written with the transaction of their cause or not at all', async () => {
    const rows = [row(), row()];
    await addToOutbox(db.pool, rows);
    const client = await db.pool.connect();
    await client.query('BEGIN');
    await addToOutbox(client, [row()]);
    await client.query('ROLLBACK');
    client.release();
    const sent: OutboxRow[] = [];
    await relayOutbox(db.pool, 10, async (taken) => void sent.push(...taken));
    expect(sent).toHaveLength(2);
    expect(sent).toEqual(expect.arrayContaining(rows));
  });

  it('are due as much later as was asked for', async () => {
    const [now, later] = [row(), { ...row(), delayMs: 60_000 }];
    await addToOutbox(db.pool, [now, later]);
    const dueAt = async ({ id }: OutboxRow) => +(await db.prisma.outbox.findUniqueOrThrow({ where: { id } })).dueAt;
    expect((await dueAt(later)) - (await dueAt(now))).toBe(60_000);
    const sent: string[] = [];
    await relayOutbox(db.pool, 10, async (taken) => void sent.push(...taken.map(({ id }) => id)));
    expect(sent).toEqual([now.id]);
  });

  it('are taken away by their ids, and no others', async () => {
    const [gone, kept] = [row(), row()];
    await addToOutbox(db.pool, [gone, kept]);
    await removeFromOutbox(db.pool, [gone.id, newId()]);
    expect(await left()).toEqual([kept.id]);
  });

  it('cost no round trip when there are none', async () => {
    const unreachable = new pg.Pool({ host: '127.0.0.1', port: 1 });
    await expect(addToOutbox(unreachable, [])).resolves.toBeUndefined();
    await unreachable.end();
  });
});
