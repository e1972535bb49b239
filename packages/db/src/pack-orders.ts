/** Packs that were ordered along with a training. Written with the training, due in the transaction that ends it well. */
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';

const ORDER = {
  packVersion: { include: { pack: { select: { slug: true, name: true } } } },
} as const satisfies Prisma.PackOrderInclude;
export type PackOrderRow = Prisma.PackOrderGetPayload<{ include: typeof ORDER }>;

/** The pack ordered along with one of the person's own trainings; `order` is null when none was. */
export async function findPackOrderOf(
  db: Db,
  userId: string,
  trainingId: string,
): Promise<{ order: PackOrderRow | null } | null> {
  const training = await db.prisma.training.findFirst({
    where: { id: trainingId, userId },
    select: { packOrder: { include: ORDER } },
  });
  return training ? { order: training.packOrder } : null;
}

/** An order that may start, with what decides about it. */
export async function findDuePackOrder(db: Db, id: string) {
  return db.prisma.packOrder.findFirst({
    where: { id, state: 'due' },
    include: { ...ORDER, user: { select: { role: true, status: true } } },
  });
}

/** Ends an order that is due; a second end changes nothing. */
export async function endPackOrder(
  db: Db,
  id: string,
  end: { state: 'started'; generationId: string } | { state: 'refused'; refusalCode: string; refusal: string },
): Promise<void> {
  await db.prisma.packOrder.updateMany({ where: { id, state: 'due' }, data: end });
}

/** Orders that have been due for longer than this: their task is gone. Their age begins anew, since they are put back. */
export async function findForgottenPackOrders(db: Db, olderThanMs: number, limit: number): Promise<string[]> {
  const { rows } = await db.pool.query<{ id: string }>(
    `UPDATE "PackOrder" SET "updatedAt" = now() WHERE id IN (
       SELECT id FROM "PackOrder" WHERE state = 'due' AND "updatedAt" < now() - $1 * interval '1 millisecond' LIMIT $2)
     RETURNING id`,
    [olderThanMs, limit],
  );
  return rows.map(({ id }) => id);
}
