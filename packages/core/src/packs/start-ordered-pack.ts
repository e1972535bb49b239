/** The pack that was ordered along with a training: what there is of it, and its start. */
import { endPackOrder, findDuePackOrder, findPackOrderOf, type PackOrderRow } from '@pixgen/db';
import { AppError, notFound, type PackOrderView, say } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { runPackVersion } from '../generation/start-generation.ts';

/** @throws AppError NOT_FOUND for a training that is not the caller's */
export async function getPackOrder(
  deps: Deps,
  actor: Actor,
  input: { trainingId: string },
): Promise<{ order: PackOrderView | null }> {
  const found = await findPackOrderOf(deps.db, actor.userId, input.trainingId);
  if (!found) throw notFound('training');
  return { order: found.order && toView(found.order) };
}

/**
 * Starts an order that is due, by the rules and on the budget of every pack run. May be called any number of times: the
 * order's id is the run's idempotency key. What cannot start ends refused, with the sentence that says why.
 *
 * @throws what another try may heal
 */
export async function startOrderedPack(deps: Deps, { packOrderId }: { packOrderId: string }): Promise<void> {
  const order = await findDuePackOrder(deps.db, packOrderId);
  if (!order) return;
  const { userId, modelId, packVersion, n, user } = order;
  const owner: Actor = { userId, role: user.role as Actor['role'], status: 'active', via: 'session', sessionId: null };
  try {
    if (user.status !== 'active') throw new AppError('ACCOUNT_SUSPENDED', say`This account is suspended.`);
    const run = { modelId, n, idempotencyKey: `pack-order-${packOrderId}` };
    const { id: generationId } = await runPackVersion(deps, owner, run, packVersion);
    await endPackOrder(deps.db, packOrderId, { state: 'started', generationId });
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error;
    await refusePackOrder(deps, packOrderId, error.code, error.message);
  }
}

export async function refusePackOrder(deps: Deps, id: string, refusalCode: string, refusal: string): Promise<void> {
  deps.log.info({ packOrderId: id, code: refusalCode }, 'an ordered pack was not started');
  await endPackOrder(deps.db, id, { state: 'refused', refusalCode, refusal });
}

function toView(row: PackOrderRow): PackOrderView {
  const { slug, name } = row.packVersion.pack;
  return {
    id: row.id,
    pack: { slug, name, version: row.packVersion.version },
    n: row.n,
    images: row.n * row.packVersion.prompts.length,
    state: row.state as PackOrderView['state'],
    generationId: row.generationId,
    refusal: row.refusalCode === null ? null : { code: row.refusalCode, message: row.refusal ?? '' },
  };
}
