/** Signing up, in and out of accounts of our own issuer, and their passwords. Mounted in mode `local` only. */
import rateLimit from '@fastify/rate-limit';
import {
  changePassword,
  type IdentityDeps,
  networkOf,
  type SessionIssuer,
  setPassword,
  setUp,
  signIn,
  signOut,
  signUp,
} from '@pixgen/core';
import {
  AppError,
  changePasswordInput,
  say,
  setPasswordInput,
  setUpInput,
  signInInput,
  signUpInput,
} from '@pixgen/domain';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Services } from './services.ts';

export async function authRoutes(app: FastifyInstance, services: Services & { issuer: SessionIssuer }): Promise<void> {
  const { deps, authenticator, env } = services;
  const identity = ({ headers, ip }: FastifyRequest): IdentityDeps => ({
    ...deps,
    issuer: services.issuer,
    address: ip,
    userAgent: headers['user-agent'],
  });
  // Before any password is hashed: guesses and floods from one address end here.
  await app.register(rateLimit, {
    max: env.AUTH_CALLS_PER_MINUTE,
    timeWindow: 60_000,
    keyGenerator: (request) => networkOf(request.ip),
    errorResponseBuilder: (_request, { ttl }) =>
      new AppError('RATE_LIMITED', say`Too many tries from this address. Wait a minute.`, { retryAfterMs: ttl }),
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.post('/auth/local/sign-up', (request) => signUp(identity(request), signUpInput.parse(request.body)));
  app.post('/auth/local/sign-in', (request) => signIn(identity(request), signInInput.parse(request.body)));
  app.post('/auth/local/set-up', (request) => setUp(identity(request), setUpInput.parse(request.body)));
  app.post('/auth/local/set-password', (request) =>
    setPassword(identity(request), setPasswordInput.parse(request.body)),
  );
  app.post('/auth/local/change-password', async (request) => {
    const actor = await authenticator.authenticate(request.headers.authorization);
    if (!actor) throw new AppError('UNAUTHENTICATED', say`Sign in to go on.`);
    if (actor.status !== 'active') throw new AppError('ACCOUNT_SUSPENDED', say`This account is suspended.`);
    return changePassword(identity(request), actor, changePasswordInput.parse(request.body));
  });
  app.post('/auth/local/sign-out', async (request, reply) => {
    await signOut(deps, authenticator, request.headers.authorization);
    return reply.code(204).send();
  });
}
