/** What an administrator looks at: people, and how much work waits. */
import { appendAudit } from './audit.ts';
import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';

const COLUMNS = {
  id: true,
  displayName: true,
  email: true,
  role: true,
  status: true,
  createdAt: true,
  spentMicroUsd: true,
  heldMicroUsd: true,
  budgetLimitMicroUsd: true,
} as const satisfies Prisma.UserSelect;
export type AdminUserRow = Prisma.UserGetPayload<{ select: typeof COLUMNS }>;

/** Newest account first. */
export async function listUserRows(
  db: Db,
  page: { before: string | null; limit: number; search: string | null; role: string | null; status: string | null },
): Promise<AdminUserRow[]> {
  const contains = page.search === null ? null : ({ contains: page.search, mode: 'insensitive' } as const);
  return db.prisma.user.findMany({
    where: {
      ...(page.before ? { id: { lt: page.before } } : {}),
      ...(page.role ? { role: page.role } : {}),
      ...(page.status ? { status: page.status } : {}),
      ...(contains ? { OR: [{ displayName: contains }, { email: contains }] } : {}),
    },
    select: COLUMNS,
    orderBy: { id: 'desc' },
    take: page.limit,
  });
}

/** Role or status of somebody who is not being erased, with the line that says who changed it. */
export async function changeStanding(
  db: Db,
  change: { id: string; actorId: string; role?: string | undefined; status?: string | undefined },
): Promise<AdminUserRow | null> {
  const { id, actorId, role, status } = change;
  return db.prisma.$transaction(async (tx) => {
    const where = { id, NOT: { status: 'erasing' } };
    // What is decided here, the identity provider does not undo.
    const data = {
      ...(role !== undefined && { role }),
      ...(status !== undefined && { status, providerSuspended: false }),
    };
    if ((await tx.user.updateMany({ where, data })).count === 0) return null;
    const detail = { role: role ?? null, status: status ?? null };
    await appendAudit(tx, { action: 'standing.set', actorId, subjectId: id, detail });
    return tx.user.findUnique({ where: { id }, select: COLUMNS });
  });
}

export async function countWaitingWork(db: Db): Promise<{ outbox: number; liveJobs: number; deadLetters: number }> {
  const [outbox, liveJobs, deadLetters] = await Promise.all([
    db.prisma.outbox.count(),
    db.prisma.liveJob.count(),
    db.prisma.deadLetter.count(),
  ]);
  return { outbox, liveJobs, deadLetters };
}
