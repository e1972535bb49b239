/** The API answers to its own names alone, so that no page of a stranger can be taken for a program beside it. */
import { AppError, hostnameOf, isUnregistrable, say } from '@pixgen/domain';
import type { FastifyInstance } from 'fastify';

/** Whoever runs this probes it by whatever name or address is at hand. They tell nothing that is anybody's. */
const EXEMPT = /^\/(healthz|readyz)(\?|$)/;

/**
 * Call it before any route is registered.
 *
 * @param names under which people and GPUs know this API; addresses and names without a dot need not be listed
 */
export function answerOwnHosts(app: FastifyInstance, names: readonly string[]): void {
  const own = new Set(names.map((name) => name.toLowerCase()));
  app.addHook('onRequest', (request, _reply, done) => {
    const hostname = hostnameOf(request.headers.host);
    if ((hostname !== null && (isUnregistrable(hostname) || own.has(hostname))) || EXEMPT.test(request.url)) done();
    else
      done(
        new AppError('WRONG_HOST', say`PixGen’s API does not go by this name. Its operator can add it to API_HOSTS.`),
      );
  });
}
