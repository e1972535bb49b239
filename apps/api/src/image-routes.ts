/** Private pictures, only for their owner and only in that owner's own cache. */
import {
  type Actor,
  type Delivery,
  type DeliveryRequest,
  type Deps,
  deliverImage,
  deliverPhoto,
  deliverSample,
} from '@pixgen/core';
import { AppError, DELIVERY_WIDTHS, fieldRefusal, id, notFound, say } from '@pixgen/domain';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from './services.ts';

type Deliver = (deps: Deps, actor: Actor, request: DeliveryRequest) => Promise<Delivery>;

export async function imageRoutes(app: FastifyInstance, services: Services): Promise<void> {
  app.get('/i/:id', (request, reply) => answer(services, request, reply, 'image', deliverImage));
  app.get('/p/:id', (request, reply) => answer(services, request, reply, 'photo', deliverPhoto));
  app.get('/s/:id', (request, reply) => answer(services, request, reply, 'image', deliverSample));
}

async function answer(
  { deps, authenticator }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  what: 'image' | 'photo',
  deliver: Deliver,
): Promise<FastifyReply> {
  const actor = await authenticator.authenticate(request.headers.authorization);
  if (!actor) throw new AppError('UNAUTHENTICATED', say`Sign in to go on.`);
  if (actor.status !== 'active') throw new AppError('ACCOUNT_SUSPENDED', say`This account is suspended.`);
  const parsed = id.safeParse((request.params as { id: string }).id);
  if (!parsed.success) throw notFound(what);
  const format = request.headers.accept?.includes('image/avif') ? 'avif' : 'webp';
  const delivery = await deliver(deps, actor, { id: parsed.data, widthPx: readWidth(request.query), format });
  // The objects behind a key never change, so the key is the version.
  const etag = `"${delivery.key.replaceAll('/', '-')}"`;
  reply.headers({ 'cache-control': 'private, max-age=31536000, immutable', etag, vary: 'Accept' });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type(delivery.contentType).send(await delivery.bytes());
}

/** Only widths that the web app uses, so that nobody can fill the store with thousands of sizes of one image. */
function readWidth(query: unknown): DeliveryRequest['widthPx'] {
  const { w } = query as { w?: unknown };
  if (w === undefined) return null;
  const width = DELIVERY_WIDTHS.find((candidate) => String(candidate) === w);
  if (width !== undefined) return width;
  throw fieldRefusal('w', say`Use one of ${DELIVERY_WIDTHS.join(', ')}.`);
}
