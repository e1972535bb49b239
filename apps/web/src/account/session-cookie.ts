/** What the session's cookie is called; free of Next's server parts, for `proxy.ts`. */

/**
 * With https the `__Host-` prefix: browsers take such a cookie only from this very host, over TLS and for the whole site, so
 * a neighbouring subdomain can neither set nor replace it. Source: RFC 6265bis, cookie name prefixes.
 */
export function sessionCookieName(publicUrl: URL): string {
  return publicUrl.protocol === 'https:' ? '__Host-pixgen_session' : 'pixgen_session';
}
