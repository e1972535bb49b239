/** `/healthz`: this process answers. `/readyz`: it can do its work, with what it needs. */
import { storeChecks, within } from '@pixgen/core';
import { outboxAgeMs } from '@pixgen/db';
import type { FastifyInstance } from 'fastify';
import type { Services } from './services.ts';

const CHECK_MS = 2_000;
/** Anybody may ask, as often as they like: the stores are asked once a second. */
const FRESH_MS = 1_000;

type Readiness = { status: 'ok' | 'not ready'; checks: Record<string, 'ok' | 'failed'>; queueAgeMs: number | null };

export async function healthRoutes(app: FastifyInstance, { deps, log }: Services): Promise<void> {
  const checks = storeChecks(deps);

  app.get('/healthz', () => ({ status: 'ok' }));
  const look = async (): Promise<Readiness> => {
    // Told, and no reason to send people elsewhere: another API would see the same queue.
    const queueAge = within(CHECK_MS, outboxAgeMs(deps.db.pool)).catch(() => null);
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        try {
          await within(CHECK_MS, check());
          return [name, 'ok'] as const;
        } catch (err) {
          log.warn({ err, check: name }, 'not ready');
          return [name, 'failed'] as const;
        }
      }),
    );
    const ready = results.every(([, result]) => result === 'ok');
    return { status: ready ? 'ok' : 'not ready', checks: Object.fromEntries(results), queueAgeMs: await queueAge };
  };
  const readiness = atMostEvery(FRESH_MS, look);
  app.get('/readyz', async (_request, reply) => {
    const answer = await readiness();
    reply.code(answer.status === 'ok' ? 200 : 503).header('cache-control', 'no-store');
    return answer;
  });
}

/** Whoever asks while it is being found out, or shortly after, hears the same. */
function atMostEvery<T>(freshMs: number, find: () => Promise<T>): () => Promise<T> {
  let last: { answer: Promise<T>; freshUntil: number } | undefined;
  return () => {
    if (last && performance.now() < last.freshUntil) return last.answer;
    const next = { answer: find(), freshUntil: Number.POSITIVE_INFINITY };
    const end = (): void => {
      next.freshUntil = performance.now() + freshMs;
    };
    next.answer.then(end, end);
    last = next;
    return next.answer;
  };
}
