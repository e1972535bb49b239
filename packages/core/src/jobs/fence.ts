import type { Fence } from '@pixgen/db';
import { AppError, isFinal, say } from '@pixgen/domain';
import type { Deps } from '../deps.ts';

/**
 * Only the newest claim of the newest attempt of a live job may go on.
 *
 * @throws AppError GONE otherwise: the caller must stop working
 */
export async function assertCurrentClaim(
  deps: Deps,
  claim: { jobId: string; attempt: number; claimEpoch: number },
): Promise<Fence> {
  const fence = await deps.jobs.readFence(claim.jobId);
  if (!fence || isFinal(fence.state) || fence.attempt !== claim.attempt || fence.claimEpoch !== claim.claimEpoch) {
    throw new AppError('GONE', say`This claim is over. Stop the work.`);
  }
  return fence;
}
