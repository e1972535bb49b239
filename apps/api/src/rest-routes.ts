/** REST under `/api/v1`: the procedures that say so, served one by one, with a document and a page that describe them. */
import {
  appRouter,
  asTrpcError,
  createOpenApiDocument,
  listRestOperations,
  type RestOperation,
  toAppError,
} from '@pixgen/trpc';
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { registerPageHeaders } from './security-headers.ts';
import type { Services } from './services.ts';

const VERSION = '0.1.0';
type Caller = (input: unknown) => Promise<unknown>;

export async function restRoutes(app: FastifyInstance, { deps, authenticator }: Services): Promise<void> {
  for (const operation of listRestOperations(appRouter)) {
    app.route({
      method: operation.method,
      url: `/api/v1${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      async handler(request, reply) {
        const actor = await authenticator.authenticate(request.headers.authorization);
        const caller = appRouter.createCaller({ deps, actor, requestId: request.id });
        const call = operation.procedure
          .split('.')
          .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], caller);
        const answer = await (call as Caller)(readInput(operation, request)).catch((error: unknown) => {
          throw toAppError(asTrpcError(error));
        });
        return reply.header('cache-control', 'no-store').send(answer);
      },
    });
  }

  const document = createOpenApiDocument(VERSION);
  app.get('/api/v1/openapi.json', () => document);
  await app.register(async (page) => {
    await registerPageHeaders(page);
    await page.register(scalar, {
      routePrefix: '/api/v1/docs',
      configuration: {
        url: '/api/v1/openapi.json',
        withDefaultFonts: false,
        telemetry: false,
        agent: { disabled: true },
      },
    });
  });
}

/** Query or body, and the path's own fields over both. */
function readInput({ method, input }: RestOperation, request: FastifyRequest): unknown {
  if (input === null) return undefined;
  const given = method === 'POST' || method === 'PATCH' ? request.body : request.query;
  if (given !== undefined && given !== null && (typeof given !== 'object' || Array.isArray(given))) return given;
  return { ...given, ...(request.params as object) };
}
