import { describe, expect, it } from 'vitest';
import { safeNextPath, signInPath } from './next-path';

describe('safeNextPath', () => {
  it.each(['/studio', '/gallery?show=trash&model=1', '/train/x/photos'])('keeps %s', (path) => {
    expect(safeNextPath(path)).toBe(path);
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/%5C/../\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/..//evil.example',
    '',
    undefined,
    null,
    ['/a', '/b'],
    '/sign-in?next=/sign-in',
    '/auth/sign-out',
    `/${'a'.repeat(3000)}`,
  ])('sends %j home instead, so that a crafted link leads nowhere else', (next) => {
    const path = safeNextPath(next);
    expect(new URL(path, 'http://own.invalid').origin).toBe('http://own.invalid');
    if (next !== '/%5C/../\\evil.example') expect(path).toBe('/home');
  });

  it('comes back to where the visit began', () => {
    expect(signInPath('/studio?model=1')).toBe('/sign-in?next=%2Fstudio%3Fmodel%3D1');
    expect(signInPath('/home')).toBe('/sign-in');
  });
});
