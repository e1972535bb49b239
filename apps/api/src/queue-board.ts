/** Bull Board, for administrators who are signed in, to look at; to everybody else there is nothing at its address. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { AppError, say } from '@pixgen/domain';
import type { FastifyInstance } from 'fastify';
import { sendError } from './errors.ts';
import { registerPageHeaders } from './security-headers.ts';
import type { Services } from './services.ts';

const LOOK_ONLY = say`The queue board shows and changes nothing. Jobs that ended badly are retried in the administration.`;
const PREFIX = '/admin/queues';
/** The board's page asks another company's host for its fonts; nobody of ours is told on. */
const OUTSIDE_STYLE = /<link href="https:\/\/[^"]*" rel="stylesheet">/g;

export async function queueBoard(app: FastifyInstance, { deps, authenticator }: Services): Promise<void> {
  const board = new FastifyAdapter();
  board.setBasePath(PREFIX);
  const queues = deps.producer.queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true }));
  createBullBoard({ queues, serverAdapter: board });
  // The board has no login of its own: this hook stands before its pages, its files and its calls alike.
  app.addHook('onRequest', async (request, reply) => {
    const actor = await authenticator.authenticate(request.headers.authorization);
    if (actor?.role !== 'admin' || actor.status !== 'active' || actor.via !== 'session') return reply.callNotFound();
    // What it could do would be in no audit log; jobs that ended badly are retried in the administration.
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendError(request, reply, new AppError('FORBIDDEN', LOOK_ONLY));
    return undefined;
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    const isPage = typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html');
    return isPage ? payload.replace(OUTSIDE_STYLE, '') : payload;
  });
  await registerPageHeaders(app);
  await app.register(board.registerPlugin(), { prefix: PREFIX });
}
