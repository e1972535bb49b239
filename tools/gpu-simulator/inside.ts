/**
 * Whether a URL lies at or below the configured base of the API: same scheme, host and port, path within the base's
 * path, and no credentials, query or fragment. Guards the token that is sent there.
 */
export function isInside(url: string, base: string): boolean {
  if (!URL.canParse(url) || !URL.canParse(base)) return false;
  const inner = new URL(url);
  const outer = new URL(base);
  if (inner.origin !== outer.origin || inner.username || inner.password || inner.search || inner.hash) return false;
  // URL resolves dot segments, so what differs from its own text tried to climb or to confuse.
  if (!url.startsWith('http') || /[\s\\]|%2e|%2f/i.test(url) || /\/\.{1,2}(\/|$)/.test(url)) return false;
  const prefix = outer.pathname.replace(/\/+$/, '');
  return inner.pathname === prefix || inner.pathname.startsWith(`${prefix}/`);
}
