/** What GPUs call: claim, upload requests and events. Tokens and signatures stand in for a login. */
import { claimAttempt, type Deps, grantUpload, MAX_BODY_BYTES, receiveGpuEvent } from '@pixgen/core';
import { AppError, claimRequest, say, uploadRequest } from '@pixgen/domain';
import { fieldFaults } from '@pixgen/trpc';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ForgeryLimit } from './forgery-limit.ts';
import { refuseDeepJson } from './json-depth.ts';

/** One spelling per claim: no `01`, no `1e0`. */
const count = z
  .string()
  .regex(/^([1-9]\d?|100)$/)
  .transform(Number);
const claimOfEvent = z.object({ job: z.uuid(), attempt: count, epoch: count });

export function gpuRoutes(
  app: FastifyInstance,
  options: { deps: Deps; forgeries: ForgeryLimit },
  done: () => void,
): void {
  const { deps } = options;
  options.forgeries(app);
  // Signatures cover raw bytes, so nothing here is parsed before it is verified.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (_request, body, next) => next(null, body),
  );

  app.post('/gpu/claim', async (request, reply) => {
    const order = await claimAttempt(deps, parse(claimRequest, readJson(request)));
    return reply.header('cache-control', 'no-store').send(order);
  });

  app.post('/gpu/uploads', async (request, reply) => {
    const answer = await grantUpload(deps, parse(uploadRequest, readJson(request)));
    return reply.header('cache-control', 'no-store').send(answer);
  });

  app.post('/webhooks/gpu/:job/:attempt/:epoch', async (request, reply) => {
    const { job, attempt, epoch } = parse(claimOfEvent, request.params);
    await receiveGpuEvent(deps, {
      claim: { jobId: job, attempt, claimEpoch: epoch },
      rawBody: rawBody(request),
      headers: {
        id: header(request, 'webhook-id'),
        timestamp: header(request, 'webhook-timestamp'),
        signature: header(request, 'webhook-signature'),
      },
    });
    return reply.code(202).send({ accepted: true });
  });
  done();
}

function rawBody(request: FastifyRequest): Buffer {
  if (Buffer.isBuffer(request.body)) return request.body;
  throw new AppError('INVALID_INPUT', say`Send a JSON body.`);
}

function readJson(request: FastifyRequest): unknown {
  const text = rawBody(request).toString('utf8');
  refuseDeepJson(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('INVALID_INPUT', say`The body is not JSON.`, { cause: error });
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = fieldFaults(parsed.error);
  throw new AppError('INVALID_INPUT', say`The request does not fit the GPU protocol.`, { fields, cause: parsed.error });
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
