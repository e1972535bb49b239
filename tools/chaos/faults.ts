/** Does to the system what the plan says, when it says so. */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { SimulatorConfigInput } from '../gpu-simulator/faults.ts';
import type { History } from './history.ts';
import { GPU_SOUND, type PlannedFault } from './plan.ts';
import type { LinkName, System } from './system.ts';

/** A victim that is still starting is waited for: only what stands can be killed. */
const UP_MS = 30_000;

/** @returns how many processes were killed, once every fault is over */
export async function runFaults(system: System, faults: readonly PlannedFault[], history: History): Promise<number> {
  const startedAt = performance.now();
  const links = new Map<LinkName, PlannedFault>();
  let kills = 0;

  async function strike(planned: PlannedFault): Promise<void> {
    if (planned.kind === 'kill' || planned.kind === 'terminate' || planned.kind === 'freeze') {
      const victim = system.processes[planned.process];
      if (!(await victim.untilUp(UP_MS))) return history.note('spared', { ...planned, why: 'it was down' });
      history.note('fault', planned);
      if (planned.kind === 'kill') {
        await victim.kill(planned.restartAfterMs);
        kills += 1;
      } else if (planned.kind === 'terminate') await victim.terminate(planned.restartAfterMs);
      else await victim.freeze(planned.forMs);
      return;
    }
    history.note('fault', planned);
    if (planned.kind === 'flush') await flush(system);
    else if (planned.kind === 'gpu') {
      await system.controlGpu(planned.change);
      await delay(planned.forMs);
      await system.controlGpu(sound(planned.change));
    } else {
      const link = system.links[planned.link];
      links.set(planned.link, planned);
      link.setFault(planned.fault);
      await delay(planned.forMs);
      // A later fault of the same link has its own end.
      if (links.get(planned.link) === planned) link.setFault(null);
    }
    history.note('fault over', { kind: planned.kind, plannedAtMs: planned.atMs });
  }

  await Promise.all(
    faults.map(async (planned) => {
      await delay(Math.max(0, startedAt + planned.atMs - performance.now()));
      await strike(planned);
    }),
  );
  return kills;
}

/** The settings that end a fault of the GPU. */
function sound(change: SimulatorConfigInput): SimulatorConfigInput {
  return Object.fromEntries(Object.entries(GPU_SOUND).filter(([name]) => name in change));
}

/** Redis loses every key: queues, progress, caches. */
export async function flush(system: System): Promise<void> {
  const redis = new Redis(system.stores.REDIS_URL ?? '', { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.flushall();
  } catch {
    // It is down, and being started again.
  } finally {
    redis.disconnect();
  }
}
