/** REST under `/api/v1`: the procedures that say so, served one by one, with a document and a page that describe them. */
import { AppError, say } from '@pixgen/domain';
import {
  appRouter,
  asTrpcError,
  createOpenApiDocument,
  listRestOperations,
  type RestOperation,
  takesIdempotencyKey,
  toAppError,
} from '@pixgen/trpc';
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { languageOf } from './errors.ts';
import { registerPageHeaders } from './security-headers.ts';
import type { Services } from './services.ts';

const VERSION = '0.1.0';
/** Where the keys are described, as the IETF draft asks of a refusal. */
const KEY_DOCUMENTATION = '</api/v1/docs>; rel="describedby"';
type Caller = (input: unknown) => Promise<unknown>;

export async function restRoutes(app: FastifyInstance, { deps, authenticator }: Services): Promise<void> {
  for (const operation of listRestOperations(appRouter)) {
    app.route({
      method: operation.method,
      url: `/api/v1${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      async handler(request, reply) {
        const actor = await authenticator.authenticate(request.headers.authorization);
        const { id: requestId, ip: address } = request;
        const caller = appRouter.createCaller({ deps, actor, requestId, address, language: languageOf(request) });
        const call = operation.procedure
          .split('.')
          .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], caller);
        const input = readInput(operation, request);
        const answer = await (call as Caller)(input).catch((error: unknown) => {
          const failure = toAppError(asTrpcError(error));
          if (failure.code.startsWith('IDEMPOTENCY_')) reply.header('link', KEY_DOCUMENTATION);
          throw failure;
        });
        return reply.header('cache-control', 'no-store').send(answer);
      },
    });
  }

  // Written once: the reference of the web app reads it at every visit.
  const document = JSON.stringify(createOpenApiDocument(VERSION));
  app.get('/api/v1/openapi.json', (_, reply) => reply.type('application/json; charset=utf-8').send(document));
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
function readInput(operation: RestOperation, request: FastifyRequest): unknown {
  const { method, input } = operation;
  if (input === null) return undefined;
  const given = method === 'POST' || method === 'PATCH' ? request.body : request.query;
  if (given !== undefined && given !== null && (typeof given !== 'object' || Array.isArray(given))) return given;
  const fields = { ...given, ...(request.params as object) };
  return takesIdempotencyKey(operation) ? { ...fields, ...readKey(request, fields) } : fields;
}

/**
 * The key of the `Idempotency-Key` header: a structured field string (RFC 9651), so quoted. The input's own rules check
 * what stands between the quotes.
 *
 * @throws AppError INVALID_INPUT when header and body name different keys
 */
function readKey(request: FastifyRequest, body: { idempotencyKey?: unknown }): { idempotencyKey?: string } {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return {};
  // Anything else than one quoted string is refused like a missing key, with the words that say how it is written.
  const idempotencyKey = /^"(.*)"$/.exec(String(header).trim())?.[1] ?? '';
  if (body.idempotencyKey !== undefined && body.idempotencyKey !== idempotencyKey) {
    const message = say`The Idempotency-Key header and the field idempotencyKey are different. Send one of them.`;
    throw new AppError('INVALID_INPUT', message, { fields: [{ path: 'idempotencyKey', message }] });
  }
  return { idempotencyKey };
}
