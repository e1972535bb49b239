import type { Deps } from '@pixgen/core';
import Fastify, { type FastifyInstance } from 'fastify';
import type { RunningWorker } from './worker.ts';

/** The reconciler passes every ten seconds; after this long without one, the worker is stuck. */
const STUCK_MS = 60_000;

/** `/healthz`: the process makes progress. `/readyz`: its stores answer. */
export function createHealthServer(deps: Deps, worker: RunningWorker): FastifyInstance {
  const app = Fastify({ logger: false, requestTimeout: 10_000, connectionTimeout: 10_000 });
  app.get('/healthz', (_request, reply) => {
    const ageMs = worker.lastPassAgeMs();
    const stuck = (ageMs !== null && ageMs > STUCK_MS) || worker.stuckQueue() !== null;
    return reply.code(stuck ? 503 : 200).send({ status: stuck ? 'stuck' : 'ok' });
  });
  app.get('/readyz', async (_request, reply) => {
    const checks = await Promise.allSettled([deps.db.pool.query('SELECT 1'), deps.live.ping(), deps.storage.ping()]);
    const [database, redis, storage] = checks.map((check) => check.status === 'fulfilled');
    const ready = Boolean(database && redis && storage);
    // A provider that is away stops no other work: it is told, but the worker stays in service.
    const gpu = { backend: worker.gpu.name, circuit: worker.gpu.circuit() };
    return reply.code(ready ? 200 : 503).send({ database, redis, storage, gpu });
  });
  return app;
}
