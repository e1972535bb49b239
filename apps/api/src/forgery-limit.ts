/** GPUs and Clerk sign what they send, and are never held back. Whoever is refused again and again is no longer read. */
import { networkOf } from '@pixgen/core';
import { AppError, say } from '@pixgen/domain';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RateLimiterMemory } from 'rate-limiter-flexible';

/** Malformed, unsigned or wrongly signed, and larger than anything that is sent. Late and repeated work is none of these. */
const FORGED = new Set([400, 401, 413]);

export type ForgeryLimit = (scope: FastifyInstance) => void;

/**
 * One count for all routes that it is put on; each process counts for itself.
 *
 * @param perMinute refused calls of one address; 0: no limit
 */
export function limitForgeries(perMinute: number): ForgeryLimit {
  if (perMinute === 0) return () => {};
  const refused = new RateLimiterMemory({ points: perMinute, duration: 60 });
  const keyOf = (request: FastifyRequest): string => networkOf(request.ip);
  return (scope) => {
    // Before the body is read and anything is hashed.
    scope.addHook('onRequest', async (request) => {
      const count = await refused.get(keyOf(request));
      if (count === null || count.consumedPoints < perMinute) return;
      const retryAfterMs = count.msBeforeNext;
      const words = say`Too many requests from this address. Wait ${Math.ceil(retryAfterMs / 1000)} seconds.`;
      throw new AppError('RATE_LIMITED', words, { retryAfterMs });
    });
    scope.addHook('onResponse', async (request, reply) => {
      if (FORGED.has(reply.statusCode)) await refused.penalty(keyOf(request));
    });
  };
}
