/** A page of another site may send requests with our cookie: unsafe methods must come from our own pages. */

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * True when the request may act for the person: a safe method, or an `Origin` that is exactly the public address. An
 * installation without TLS also takes the address in the request's own `Host` (`localhost` beside `127.0.0.1`): the
 * cookie is host-only, so a page of that host is the only one that carries it. A missing `Origin` is refused, since
 * browsers send it with every unsafe request.
 */
export function isOwnOrigin(request: { method: string; headers: Headers }, publicUrl: URL): boolean {
  if (SAFE_METHODS.has(request.method)) return true;
  const origin = request.headers.get('origin');
  if (origin === null) return false;
  if (origin === publicUrl.origin) return true;
  return publicUrl.protocol === 'http:' && origin === `http://${request.headers.get('host')}`;
}
