import { expect, it } from 'vitest';
import { clerkOrigin, contentSecurityPolicy } from './csp';

const input = { nonce: 'n1', uploadOrigin: 'http://s3.local:9000', https: false, clerkOrigin: null, dev: false };

it('allows scripts by nonce only and nobody to frame the page', () => {
  const policy = contentSecurityPolicy(input);
  expect(policy).toContain("script-src 'self' 'nonce-n1' 'strict-dynamic'");
  expect(policy).not.toMatch(/script-src[^;]*'unsafe-(inline|eval)'/);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toMatch(/connect-src 'self' http:\/\/s3\.local:9000(;|$)/);
  expect(policy).not.toContain('upgrade-insecure-requests');
  expect(contentSecurityPolicy({ ...input, https: true })).toContain('upgrade-insecure-requests');
});

it('reads Clerk’s address out of its public key', () => {
  expect(clerkOrigin(`pk_test_${btoa('calm-cat-1.clerk.accounts.dev$')}`)).toBe(
    'https://calm-cat-1.clerk.accounts.dev',
  );
  expect(clerkOrigin(undefined)).toBeNull();
});
