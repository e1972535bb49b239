/** Whoever asks gets an answer in bounded time, also when what makes it hangs. */
import { AppError, say } from '@pixgen/domain';
import type { FastifyInstance } from 'fastify';
import { sendError } from './errors.ts';

/**
 * Fastify's own `handlerTimeout` makes and aborts a signal for every request, answered or not: a 30th of the API's CPU
 * under load. Call it before any route is registered. Streams have sent their beginning and are left alone.
 */
export function answerInTime(app: FastifyInstance, handlerMs: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    const timer = setTimeout(() => {
      if (reply.sent) return;
      const words = say`This took too long. Look whether it was done before you try again.`;
      sendError(request, reply, new AppError('UNAVAILABLE', words, { retryAfterMs: 5_000 }));
    }, handlerMs);
    reply.raw.once('close', () => clearTimeout(timer));
    done();
  });
}
