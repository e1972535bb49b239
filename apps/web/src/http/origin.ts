/**
 * A page of another site may send requests with our cookie. Unsafe methods must come from our own pages, and of the safe ones
 * other sites may only follow a link: they may not fetch, embed or include what the cookie opens.
 */
import { hostnameOf, isLoopbackName } from '@pixgen/domain';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * True when the request may act for the person. An unsafe method needs an `Origin` that is exactly the public address. An
 * installation without TLS also takes another name of this machine that the request itself was sent to (`localhost` beside
 * `127.0.0.1`), and no other: a name can be pointed at this machine by whoever owns it. A missing `Origin` is refused,
 * since browsers send it with every unsafe request.
 */
export function isOwnOrigin(request: { method: string; headers: Headers }, publicUrl: URL): boolean {
  if (isForeignFetch(request)) return false;
  if (SAFE_METHODS.has(request.method)) return true;
  const origin = request.headers.get('origin');
  if (origin === null) return false;
  if (origin === publicUrl.origin) return true;
  const host = request.headers.get('host');
  const isHere = isLoopbackName(hostnameOf(host) ?? '');
  return publicUrl.protocol === 'http:' && isHere && origin === `http://${host}`;
}

/**
 * True when the request was sent to the public address, or to a name that this machine has for itself, on whatever port:
 * a page of a stranger that points its own name here is told off before it sees anything (DNS rebinding).
 */
export function isOwnHost(headers: Headers, publicUrl: URL): boolean {
  const host = headers.get('host');
  const hostname = hostnameOf(host);
  if (hostname === null) return false;
  return isLoopbackName(hostname) || new URL(`${publicUrl.protocol}//${host}`).host === publicUrl.host;
}

/**
 * True when the browser itself says that a page of another origin asks, be it of the same site (another port or subdomain,
 * where SameSite lets the cookie pass), and not because somebody follows a link. Programs and old browsers say nothing.
 * Source: Fetch Metadata Request Headers, W3C.
 */
function isForeignFetch({ method, headers }: { method: string; headers: Headers }): boolean {
  const site = headers.get('sec-fetch-site');
  if (site === null || site === 'same-origin' || site === 'none') return false;
  const isLink = headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document';
  return !(isLink && method === 'GET');
}
