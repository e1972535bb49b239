/** Who is here, and who may do what. The caller's admin role is checked by the procedure. */
import { type AdminUserRow, changeStanding, listUserRows } from '@pixgen/db';
import { type AdminUserView, AppError, notFound, type Page, say, type UpdateUserInput } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { toPage } from '../page.ts';

export async function listUsers(
  deps: Deps,
  input: {
    cursor?: string | undefined;
    limit: number;
    search?: string | undefined;
    role?: AdminUserView['role'] | undefined;
    status?: AdminUserView['status'] | undefined;
  },
): Promise<Page<AdminUserView>> {
  const rows = await listUserRows(deps.db, {
    before: input.cursor ?? null,
    limit: input.limit + 1,
    search: input.search || null,
    role: input.role ?? null,
    status: input.status ?? null,
  });
  return toPage(rows, input.limit, toView);
}

/**
 * Gives or takes the admin role, suspends or lets in again. Takes effect with the person's next call: role and status are
 * read each time.
 *
 * @throws AppError NOT_FOUND, STATE_CONFLICT for one's own account: nobody locks out the last administrator by accident
 */
export async function updateUser(deps: Deps, actor: Actor, input: UpdateUserInput): Promise<AdminUserView> {
  if (input.id === actor.userId)
    throw new AppError('STATE_CONFLICT', say`This is your own account. Ask another administrator.`);
  const row = await changeStanding(deps.db, { ...input, actorId: actor.userId });
  if (!row) throw notFound('user');
  return toView(row);
}

function toView(row: AdminUserRow): AdminUserView {
  return {
    id: row.id,
    displayName: row.displayName,
    email: row.email,
    role: row.role as AdminUserView['role'],
    status: row.status as AdminUserView['status'],
    createdAt: row.createdAt.toISOString(),
    spentMicroUsd: Number(row.spentMicroUsd),
    heldMicroUsd: Number(row.heldMicroUsd),
    limitMicroUsd: row.budgetLimitMicroUsd === null ? null : Number(row.budgetLimitMicroUsd),
  };
}
