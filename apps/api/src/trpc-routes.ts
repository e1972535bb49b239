/** The typed client's own contract. */
import { type AppRouter, appRouter, asTrpcError, type Context, toAppError, toldIn } from '@pixgen/trpc';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { languageOf, logFailure } from './errors.ts';
import { refuseDeepJson } from './json-depth.ts';
import { liveStream } from './live-stream.ts';
import type { Services } from './services.ts';
import { type MutationHost, singleMutations } from './trpc-mutation.ts';

/** One request runs at most so many procedures, whatever it carries. */
const MAX_BATCH = 10;

export async function trpcRoutes(app: FastifyInstance, services: Services): Promise<void> {
  const { deps, authenticator } = services;
  const streams = new Set<FastifyReply>();
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.accept !== 'text/event-stream') return;
    streams.add(reply);
    reply.raw.once('close', () => streams.delete(reply));
  });
  // A stream would hold a graceful stop for as long as its tab is open; the client opens the next one elsewhere.
  app.addHook('preClose', async () => {
    for (const reply of streams) reply.raw.destroy();
  });

  // tRPC parses bodies itself.
  app.addHook('preHandler', async ({ body }) => {
    if (typeof body === 'string') refuseDeepJson(body);
  });
  liveStream(app, services);
  // A JSON answer comes as a web response, which Fastify would read as a stream and write in chunks.
  app.addHook('onSend', async (_request, reply, payload) => {
    if (!(payload instanceof Response) || !payload.headers.get('content-type')?.startsWith('application/json')) {
      return payload;
    }
    reply.code(payload.status);
    for (const [name, value] of payload.headers) reply.header(name, value);
    return payload.text();
  });

  const host: MutationHost = {
    async createContext(request): Promise<Context> {
      const language = languageOf(request);
      const actor = await authenticator.authenticate(request.headers.authorization).catch((error: unknown) => {
        // Without a context tRPC does not know the language.
        throw asTrpcError(toldIn(toAppError(error), language));
      });
      return { deps, actor, requestId: request.id, address: request.ip, language };
    },
    onError: (request, error) => logFailure(request, toAppError(error)),
    errorHeaders(errors) {
      const retryAfterMs = Math.max(0, ...errors.map((error) => toAppError(error).retryAfterMs ?? 0));
      return retryAfterMs > 0 ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {};
    },
  };
  singleMutations(app, host);
  const trpcOptions: FastifyTRPCPluginOptions<AppRouter>['trpcOptions'] = {
    router: appRouter,
    maxBatchSize: MAX_BATCH,
    createContext: ({ req }) => host.createContext(req),
    onError: ({ error, req }) => host.onError(req as FastifyRequest, error),
    responseMeta: ({ errors }) => ({ headers: host.errorHeaders(errors) }),
  };
  await app.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions });
}
