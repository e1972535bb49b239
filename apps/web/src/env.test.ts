import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseEnv } from './env';

const example = Object.fromEntries(
  readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const match = /^([A-Z_]+)=(.*)$/.exec(line);
      return match ? [[match[1] ?? '', match[2] ?? '']] : [];
    }),
);

it('starts with .env.example as it stands', () => {
  expect(parseEnv(example).API_URL.href).toBe('http://127.0.0.1:4000/');
});

it('names every missing or malformed variable and never a value', () => {
  expect(() => parseEnv({ ...example, PUBLIC_URL: 'ftp://secret-host', API_URL: '' })).toThrow(/API_URL, PUBLIC_URL/);
  expect(() => parseEnv({ ...example, PUBLIC_URL: 'ftp://secret-host' })).not.toThrow(/secret-host/);
});

it('needs both of Clerk’s keys in mode clerk, and neither in mode local', () => {
  expect(() => parseEnv({ ...example, AUTH_MODE: 'clerk' })).toThrow(/CLERK_PUBLISHABLE_KEY, CLERK_SECRET_KEY/);
  expect(
    parseEnv({ ...example, AUTH_MODE: 'clerk', CLERK_PUBLISHABLE_KEY: 'pk_test_x', CLERK_SECRET_KEY: 'sk_test_x' })
      .AUTH_MODE,
  ).toBe('clerk');
});
