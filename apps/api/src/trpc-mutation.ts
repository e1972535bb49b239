/**
 * A request with one mutation, alone or as a batch of one, answered in tRPC's words without its web `Request`, `Headers`
 * and `Response`: these cost nearly as much as all the rest of accepting a job.
 */
import { appRouter, type Context } from '@pixgen/trpc';
import {
  type AnyTRPCProcedure,
  type AnyTRPCRouter,
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
  type TRPCError,
  transformTRPCResponse,
} from '@trpc/server';
import { getHTTPStatusCode } from '@trpc/server/http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** A name without dots in it is no procedure; a comma would separate several. */
const PATH = /^\/trpc\/(\w+\.\w+)(\?batch=1)?$/;
const router: AnyTRPCRouter = appRouter;
const MUTATIONS = new Set(
  Object.entries(router._def.procedures as Record<string, AnyTRPCProcedure>).flatMap(([path, { _def }]) =>
    _def.type === 'mutation' ? [path] : [],
  ),
);

export type MutationHost = {
  createContext(request: FastifyRequest): Promise<Context>;
  onError(request: FastifyRequest, error: TRPCError): void;
  /** Headers that tell of these errors. */
  errorHeaders(errors: TRPCError[]): Record<string, string>;
};

/**
 * Answers well-formed calls of mutations; every other request goes on to tRPC, which says what is wrong with it.
 *
 * @param app the scope in which tRPC is registered afterwards
 */
export function singleMutations(app: FastifyInstance, { createContext, onError, errorHeaders }: MutationHost): void {
  const config = router._def._config;
  app.addHook('preHandler', async (request, reply) => {
    const call = readCall(request);
    if (!call) return;
    const { path, input, isBatch } = call;
    const type = 'mutation';
    let ctx: Context | undefined;
    const errors: TRPCError[] = [];
    const run = async () => {
      try {
        ctx = await createContext(request);
        const getRawInput = async () => input;
        const how = { router, path, type, getRawInput, signal: undefined, batchIndex: 0 } as const;
        return { result: { data: await callTRPCProcedure({ ...how, ctx }) } };
      } catch (thrown) {
        const error = getTRPCErrorFromUnknown(thrown);
        errors.push(error);
        onError(request, error);
        return { error: getTRPCErrorShape({ config, error, type, path, input, ctx }) };
      }
    };
    const answer = await run();
    const body = isBatch ? [answer] : answer;
    return (
      reply
        .code(getHTTPStatusCode(body))
        .headers({ vary: 'trpc-accept, accept', 'content-type': 'application/json', ...errorHeaders(errors) })
        // With its own Fastify would add a charset.
        .serializer(JSON.stringify)
        .send(transformTRPCResponse(config, body))
    );
  });
}

/** @returns null when this is not exactly one call of a mutation with JSON */
function readCall({ method, url, headers, body }: FastifyRequest) {
  if (method !== 'POST' || typeof body !== 'string' || headers['trpc-accept'] !== undefined) return null;
  const [, path = '', batch] = PATH.exec(url) ?? [];
  if (!MUTATIONS.has(path)) return null;
  try {
    const given: unknown = JSON.parse(body);
    if (batch === undefined) return { path, input: given, isBatch: false };
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return null;
    return { path, input: (given as { 0?: unknown })[0], isBatch: true };
  } catch {
    return null;
  }
}
