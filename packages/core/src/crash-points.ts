/**
 * Named places between two effects, where a process can be made to die. Tests kill there and look at what is left; in
 * every other process they cost nothing.
 */
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';

export const CRASH_POINTS = [
  'api.afterTx',
  'api.beforeReply',
  'relay.afterLock',
  'relay.afterAdd',
  'relay.afterMark',
  'dispatch.afterIntent',
  'dispatch.beforeSubmit',
  'dispatch.afterSubmit',
  'dispatch.afterSaveId',
  'claim.beforeUpdate',
  'claim.afterUpdate',
  'hook.afterVerify',
  'hook.afterEnqueue',
  'apply.beforeTx',
  'apply.inTx',
  'apply.afterTx',
  'reconcile.afterGet',
  'reconcile.afterApply',
  'upload.midCopy',
  'erase.midway',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/**
 * @param folder where a file named like a point makes the first process that passes it die, once; null: nobody dies
 * @returns to be called at each point
 */
export function createPassPoint(folder: string | null): (point: CrashPoint) => void {
  if (folder === null) return () => undefined;
  return (point) => {
    try {
      // Whoever removes the file has the order: of two processes only one dies.
      unlinkSync(join(folder, point));
    } catch {
      return;
    }
    process.kill(process.pid, 'SIGKILL');
  };
}
