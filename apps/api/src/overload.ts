/** When the process cannot keep up it says so at once, instead of answering everybody too late. */
import underPressure from '@fastify/under-pressure';
import { AppError, say } from '@pixgen/domain';
import type { FastifyInstance } from 'fastify';

/** How long to stay away: the delay is measured over a second. */
const RETRY_AFTER_MS = 2_000;
/** Whoever runs this must still be able to see that it lives. */
const EXEMPT = /^\/(healthz|readyz)/;

/**
 * Call it before any route is registered.
 *
 * @param maxDelayMs how late, on average over a second, the process comes to what it has to do; 0: never shed
 */
export async function shedLoad(app: FastifyInstance, maxDelayMs: number): Promise<void> {
  if (maxDelayMs === 0) return;
  await app.register(underPressure, {
    maxEventLoopDelay: maxDelayMs,
    pressureHandler(request) {
      if (EXEMPT.test(request.url)) return;
      throw new AppError(
        'UNAVAILABLE',
        say`PixGen has more to do than it can. Nothing was charged; try again in a moment.`,
        {
          retryAfterMs: RETRY_AFTER_MS,
        },
      );
    },
  });
}
