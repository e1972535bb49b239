/** Signing up, in and out of accounts of our own issuer. Mounted in mode `local` only. */
import rateLimit from '@fastify/rate-limit';
import { type IdentityDeps, type SessionIssuer, setUp, signIn, signOut, signUp } from '@pixgen/core';
import { AppError, say, setUpInput, signInInput, signUpInput } from '@pixgen/domain';
import type { FastifyInstance } from 'fastify';
import type { Services } from './services.ts';

export async function authRoutes(app: FastifyInstance, services: Services & { issuer: SessionIssuer }): Promise<void> {
  const { deps, authenticator, env } = services;
  const identity: IdentityDeps = { ...deps, issuer: services.issuer };
  // Before any password is hashed: guesses and floods from one address end here.
  await app.register(rateLimit, {
    max: env.AUTH_CALLS_PER_MINUTE,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { ttl }) =>
      new AppError('RATE_LIMITED', say`Too many tries from this address. Wait a minute.`, { retryAfterMs: ttl }),
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.post('/auth/local/sign-up', ({ body }) => signUp(identity, signUpInput.parse(body)));
  app.post('/auth/local/sign-in', ({ body }) => signIn(identity, signInInput.parse(body)));
  app.post('/auth/local/set-up', ({ body }) => setUp(identity, setUpInput.parse(body)));
  app.post('/auth/local/sign-out', async (request, reply) => {
    await signOut(deps, authenticator, request.headers.authorization);
    return reply.code(204).send();
  });
}
