import { readCalls } from '@pixgen/db';
import { TryLater } from '@pixgen/queue';
import type { Deps } from '../deps.ts';
import { type GpuBackend, GpuBackendError } from '../gpu/gpu-backend.ts';

/**
 * Ends every known call of an attempt that is over, so that no GPU burns for nothing. A call that is not known yet finds
 * out when it claims.
 *
 * @throws TryLater while the provider is away
 */
export async function cancelCalls(
  deps: Deps,
  gpu: GpuBackend,
  task: { jobId: string; attempt: number },
): Promise<void> {
  const calls = await readCalls(deps.db.pool, task.jobId, task.attempt);
  try {
    await Promise.all(calls.map((callId) => gpu.cancel(callId)));
  } catch (error) {
    if (!(error instanceof GpuBackendError) || error.kind !== 'paused') throw error;
    throw new TryLater(error.retryAfterMs ?? 1_000, error.message);
  }
}
