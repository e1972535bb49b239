/** The API answers to its own names alone, so that no page of a stranger can be taken for a program beside it. */
import { AppError, hostnameOf, isUnregistrable, say } from '@pixgen/domain';
import type { FastifyInstance } from 'fastify';

/** Whoever runs this probes it by whatever name or address is at hand. They tell nothing that is anybody's. */
const EXEMPT = /^\/(healthz|readyz)(\?|$)/;

/** Of the names that were let in, remembered as they were written; an address may be written in many ways. */
const MOST_SPELLINGS = 100;

/**
 * Call it before any route is registered.
 *
 * @param names under which people and GPUs know this API; addresses and names without a dot need not be listed
 */
export function answerOwnHosts(app: FastifyInstance, names: readonly string[]): void {
  const own = new Set(names.map((name) => name.toLowerCase()));
  // Callers spell these names in a few ways, and to take one apart costs more than the rest of this check.
  const known = new Set<string>();
  const isOwn = (host: string | undefined): boolean => {
    if (host === undefined) return false;
    if (known.has(host)) return true;
    const hostname = hostnameOf(host);
    if (hostname === null || !(isUnregistrable(hostname) || own.has(hostname))) return false;
    if (known.size < MOST_SPELLINGS) known.add(host);
    return true;
  };
  app.addHook('onRequest', (request, _reply, done) => {
    if (isOwn(request.headers.host) || EXEMPT.test(request.url)) done();
    else
      done(
        new AppError('WRONG_HOST', say`PixGen’s API does not go by this name. Its operator can add it to API_HOSTS.`),
      );
  });
}
