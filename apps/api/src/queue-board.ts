/** Bull Board, for administrators; to everybody else there is nothing at its address. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import type { Services } from './services.ts';

const PREFIX = '/admin/queues';
const PAGE_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'";

export async function queueBoard(app: FastifyInstance, { deps, authenticator }: Services): Promise<void> {
  const board = new FastifyAdapter();
  board.setBasePath(PREFIX);
  createBullBoard({ queues: deps.producer.queues.map((queue) => new BullMQAdapter(queue)), serverAdapter: board });
  // The board has no login of its own: this hook stands before its pages, its files and its calls alike.
  app.addHook('onRequest', async (request, reply) => {
    const actor = await authenticator.authenticate(request.headers.authorization);
    if (actor?.role !== 'admin' || actor.status !== 'active') return reply.callNotFound();
    reply.header('content-security-policy', PAGE_POLICY);
  });
  await app.register(board.registerPlugin(), { prefix: PREFIX });
}
