/** Where to go after signing in. */

const HOME = '/home';

/**
 * Only a path of this site: what comes back starts with one slash and parses to the same origin, so that a crafted
 * `next=` can send nobody elsewhere.
 */
export function safeNextPath(next: string | string[] | null | undefined): string {
  if (typeof next !== 'string' || !next.startsWith('/') || next.length > 2000) return HOME;
  const base = 'http://own.invalid';
  const url = URL.parse(next, base);
  if (!url || url.origin !== base) return HOME;
  const path = url.pathname + url.search;
  // "/\evil" and "//evil" are other hosts to a browser; the parser above has turned backslashes into slashes.
  if (path.startsWith('//') || /^\/(sign-in|sign-up|setup|auth|trpc)(\/|$)/.test(url.pathname)) return HOME;
  return path;
}

/** The sign-in page that comes back to `path`. */
export function signInPath(path: string): string {
  const next = safeNextPath(path);
  return next === HOME ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`;
}
