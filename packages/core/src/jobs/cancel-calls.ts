import { readCalls } from '@pixgen/db';
import type { Deps } from '../deps.ts';
import type { GpuBackend } from '../gpu/gpu-backend.ts';

/**
 * Ends every known call of an attempt that is over, so that no GPU burns for nothing. A call that is not known yet finds
 * out when it claims.
 */
export async function cancelCalls(
  deps: Deps,
  gpu: GpuBackend,
  task: { jobId: string; attempt: number },
): Promise<void> {
  const calls = await readCalls(deps.db.pool, task.jobId, task.attempt);
  await Promise.all(calls.map((callId) => gpu.cancel(callId)));
}
