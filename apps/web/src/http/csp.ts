/** The Content-Security-Policy: scripts by nonce only, everything else from this site and the object store. */

export type CspInput = {
  nonce: string;
  uploadOrigin: string;
  https: boolean;
  clerkOrigin: string | null;
  dev: boolean;
};

export function contentSecurityPolicy(input: CspInput): string {
  const clerk = input.clerkOrigin ? [input.clerkOrigin] : [];
  const rules: Record<string, readonly string[]> = {
    'default-src': ["'self'"],
    'script-src': ["'self'", `'nonce-${input.nonce}'`, "'strict-dynamic'", ...(input.dev ? ["'unsafe-eval'"] : [])],
    // React writes style attributes and the toaster one style element; neither can run script.
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': [
      "'self'",
      'blob:',
      'data:',
      input.uploadOrigin,
      ...(input.clerkOrigin ? ['https://img.clerk.com'] : []),
    ],
    'font-src': ["'self'"],
    'connect-src': ["'self'", input.uploadOrigin, ...clerk],
    'worker-src': ["'self'", 'blob:'],
    'frame-src': input.clerkOrigin ? ['https://challenges.cloudflare.com'] : ["'none'"],
    'frame-ancestors': ["'none'"],
    'form-action': ["'self'"],
    'base-uri': ["'none'"],
    'object-src': ["'none'"],
  };
  const lines = Object.entries(rules).map(([name, values]) => `${name} ${values.join(' ')}`);
  if (input.https) lines.push('upgrade-insecure-requests');
  return lines.join('; ');
}

/** Clerk's frontend address, which its publishable key holds: `pk_test_` + base64 of `host$`. */
export function clerkOrigin(publishableKey: string | undefined): string | null {
  const encoded = publishableKey?.split('_')[2];
  if (!encoded) return null;
  return `https://${atob(encoded).replace(/\$$/, '')}`;
}
