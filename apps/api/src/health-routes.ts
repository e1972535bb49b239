/** `/healthz`: this process answers. `/readyz`: it can do its work, with what it needs. */
import { storeChecks, within } from '@pixgen/core';
import { outboxAgeMs } from '@pixgen/db';
import type { FastifyInstance } from 'fastify';
import type { Services } from './services.ts';

const CHECK_MS = 2_000;

export async function healthRoutes(app: FastifyInstance, { deps }: Services): Promise<void> {
  const checks = storeChecks(deps);

  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    // Told, and no reason to send people elsewhere: another API would see the same queue.
    const queueAge = within(CHECK_MS, outboxAgeMs(deps.db.pool)).catch(() => null);
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        try {
          await within(CHECK_MS, check());
          return [name, 'ok'] as const;
        } catch (err) {
          request.log.warn({ err, check: name }, 'not ready');
          return [name, 'failed'] as const;
        }
      }),
    );
    const ready = results.every(([, result]) => result === 'ok');
    reply.code(ready ? 200 : 503).header('cache-control', 'no-store');
    return { status: ready ? 'ok' : 'not ready', checks: Object.fromEntries(results), queueAgeMs: await queueAge };
  });
}
