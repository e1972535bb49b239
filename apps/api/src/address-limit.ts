/** A ceiling per address, before anybody is asked who they are: floods end here, and cost no look-up. */
import rateLimit from '@fastify/rate-limit';
import { networkOf } from '@pixgen/core';
import { AppError, say } from '@pixgen/domain';
import type { FastifyInstance } from 'fastify';

/** Probes come often from one address, and GPUs send all their events from a few; of those the refused ones are counted. */
const EXEMPT = /^\/(healthz|readyz|gpu\/|webhooks\/)/;

/**
 * Call it before any route is registered. Each process counts for itself.
 *
 * @param perMinute 0: no ceiling
 */
export async function limitAddresses(app: FastifyInstance, perMinute: number): Promise<void> {
  if (perMinute === 0) return;
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => networkOf(request.ip),
    allowList: (request) => EXEMPT.test(request.url),
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    errorResponseBuilder: (_request, { ttl }) =>
      new AppError('RATE_LIMITED', say`Too many requests from this address. Wait ${Math.ceil(ttl / 1000)} seconds.`, {
        retryAfterMs: ttl,
      }),
  });
}
