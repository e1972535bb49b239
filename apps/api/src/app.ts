/** The process as a list: every part that serves something, in order. */
import cors from '@fastify/cors';
import { newId } from '@pixgen/domain';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { limitAddresses } from './address-limit.ts';
import { answerInTime } from './answer-in-time.ts';
import { authRoutes } from './auth-routes.ts';
import { clerkWebhook } from './clerk-webhook.ts';
import { registerErrors } from './errors.ts';
import { limitForgeries } from './forgery-limit.ts';
import { gpuRoutes } from './gpu-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { imageRoutes } from './image-routes.ts';
import { parseShallowJson } from './json-depth.ts';
import { shedLoad } from './overload.ts';
import { answerOwnHosts } from './own-hosts.ts';
import { queueBoard } from './queue-board.ts';
import { restRoutes } from './rest-routes.ts';
import { registerSecurityHeaders } from './security-headers.ts';
import type { Services } from './services.ts';
import { trpcRoutes } from './trpc-routes.ts';

const BODY_BYTES = 100 * 1024;
export const TIMEOUTS = {
  /** To receive a whole request. */
  requestMs: 30_000,
  /** Silence on a socket (streams say something every 15 s). */
  connectionMs: 60_000,
  /** Between two requests. */
  keepAliveMs: 65_000,
  /** From its first byte to the answer's: longer than to receive it, and than the stores' own limits take together. */
  handlerMs: 45_000,
};

/** @param timeouts for tests */
export async function createApp(services: Services, timeouts = TIMEOUTS): Promise<FastifyInstance> {
  const { env, deps, issuer } = services;
  const loggerInstance: FastifyBaseLogger = services.log;
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    // Few requests log: those name their id then, instead of each request making a logger.
    childLoggerFactory: (logger) => logger,
    requestIdHeader: false,
    genReqId: (request) => knownRequestId(request.headers['x-request-id']) ?? newId(),
    trustProxy: env.TRUSTED_PROXIES.length > 0 ? env.TRUSTED_PROXIES : false,
    bodyLimit: BODY_BYTES,
    requestTimeout: timeouts.requestMs,
    connectionTimeout: timeouts.connectionMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    http: {
      // Node swaps the two where the head may take longer than the whole.
      headersTimeout: timeouts.requestMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: Math.min(5_000, timeouts.requestMs),
    },
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 5_000 },
  });
  app.addHook('preClose', async () => {
    // Closing ends idle connections once; those whose last answer is still under way become idle later.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 50);
    app.server.once('close', () => clearInterval(sweep));
  });
  registerSecurityHeaders(app);
  registerErrors(app);
  answerOwnHosts(app, [...env.API_HOSTS, ...[env.GPU_API_URL, ...env.WEB_ORIGIN].map((url) => new URL(url).hostname)]);
  answerInTime(app, timeouts.handlerMs);
  parseShallowJson(app);
  await shedLoad(app, env.SHED_AT_DELAY_MS);
  await limitAddresses(app, env.CALLS_PER_MINUTE_PER_ADDRESS);
  const forgeries = limitForgeries(env.FORGERIES_PER_MINUTE_PER_ADDRESS);
  // No browser calls what GPUs call, so it comes before the rules for browsers of other origins.
  await app.register(gpuRoutes, { deps, forgeries });
  await app.register(cors, { origin: [...env.WEB_ORIGIN], methods: ['GET', 'POST', 'PATCH', 'DELETE'], maxAge: 600 });
  await app.register(healthRoutes, services);
  await app.register(trpcRoutes, services);
  await app.register(restRoutes, services);
  await app.register(imageRoutes, services);
  if (issuer) await app.register(authRoutes, { ...services, issuer });
  if (env.AUTH_MODE === 'clerk')
    await app.register(clerkWebhook, { deps, forgeries, secret: env.CLERK_WEBHOOK_SECRET });
  if (env.QUEUE_BOARD) await app.register(queueBoard, services);
  return app;
}

/** The web app's own id of a request, if it looks like one. */
function knownRequestId(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && /^[A-Za-z0-9-]{8,64}$/.test(header) ? header : null;
}
