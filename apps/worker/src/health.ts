import type { Deps } from '@pixgen/core';
import { outboxAgeMs, pendingMigrations } from '@pixgen/db';
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
    const [database, migrations, redis, storage] = await Promise.allSettled([
      outboxAgeMs(deps.db.pool),
      pendingMigrations(deps.db),
      deps.live.ping(),
      deps.storage.ping(),
    ]);
    const stores = {
      database: database.status === 'fulfilled',
      migrations: migrations.status === 'fulfilled' && migrations.value === 0,
      redis: redis.status === 'fulfilled',
      storage: storage.status === 'fulfilled',
    };
    const ready = Object.values(stores).every(Boolean);
    const queueAgeMs = database.status === 'fulfilled' ? database.value : null;
    // A provider that is away stops no other work: it is told, but the worker stays in service.
    const gpu = { backend: worker.gpu.name, circuit: worker.gpu.circuit() };
    return reply.code(ready ? 200 : 503).send({ ...stores, queueAgeMs, gpu });
  });
  return app;
}
