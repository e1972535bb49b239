/** The one error handler of everything that is not tRPC's own route: code, sentence and fields, nothing else. */
import { AppError, type Language, pickLanguage, say } from '@pixgen/domain';
import { tellError, toAppError } from '@pixgen/trpc';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { countRefusals } from './refusal-count.ts';

export function registerErrors(app: FastifyInstance): void {
  const refusals = countRefusals(app.log);
  app.decorate('refusals', refusals);
  app.addHook('onClose', async () => refusals.tell());
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendError(request, reply, fromFastify(error) ?? toAppError(error)),
  );
  app.setNotFoundHandler((request, reply) =>
    sendError(request, reply, new AppError('NOT_FOUND', say`There is nothing here.`)),
  );
}

export function sendError(request: FastifyRequest, reply: FastifyReply, failure: AppError): FastifyReply {
  logFailure(request, failure);
  if (failure.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(failure.retryAfterMs / 1000));
  const language = languageOf(request);
  return reply
    .code(failure.status)
    .headers({ 'cache-control': 'no-store', 'content-language': language })
    .send({ error: tellError(failure, language) });
}

/** The language in which a caller is told of errors. */
export function languageOf({ headers }: Pick<FastifyRequest, 'headers'>): Language {
  return pickLanguage(headers['accept-language']);
}

/** Faults of ours are errors, outages warnings; of refusals an operator reads how many there were. */
export function logFailure(request: FastifyRequest, failure: AppError): void {
  if (failure.code === 'INTERNAL') request.log.error({ reqId: request.id, err: failure }, 'request failed');
  else if (failure.code === 'UNAVAILABLE')
    request.log.warn({ reqId: request.id, err: failure }, 'request refused: a store is away');
  else {
    request.server.refusals.note(failure.code);
    request.log.debug({ reqId: request.id, code: failure.code, cause: failure.cause }, 'request refused');
  }
}

/** Fastify's own refusals; anything it does not know is not one. */
function fromFastify(error: FastifyError): AppError | null {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new AppError('BODY_TOO_LARGE', say`The request is too large.`, { cause: error });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new AppError('INVALID_INPUT', say`Send JSON.`, { cause: error });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new AppError('INVALID_INPUT', say`The body is not JSON.`, { cause: error });
    default:
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? new AppError('INVALID_INPUT', say`The request could not be read.`, { cause: error })
        : null;
  }
}
