/** What Clerk reports of people and sessions. Mounted in mode `clerk` only. */
import { type Deps, receiveClerkEvent } from '@pixgen/core';
import { AppError, say } from '@pixgen/domain';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ForgeryLimit } from './forgery-limit.ts';

const BODY_BYTES = 256 * 1024;

export async function clerkWebhook(
  app: FastifyInstance,
  { deps, forgeries, secret }: { deps: Deps; forgeries: ForgeryLimit; secret: string },
): Promise<void> {
  forgeries(app);
  // The signature covers raw bytes, so nothing is parsed before it is verified.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  app.post('/webhooks/clerk', async (request, reply) => {
    if (!Buffer.isBuffer(request.body)) throw new AppError('INVALID_INPUT', say`Send a JSON body.`);
    const used = await receiveClerkEvent(deps, secret, {
      rawBody: request.body,
      headers: {
        id: header(request, 'id'),
        timestamp: header(request, 'timestamp'),
        signature: header(request, 'signature'),
      },
    });
    return reply.send({ used });
  });
}

/** Clerk sends by Svix, whose headers begin with its name. */
function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[`svix-${name}`] ?? request.headers[`webhook-${name}`];
  return typeof value === 'string' ? value : undefined;
}
