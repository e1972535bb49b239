/** Versions below these have known holes or lose jobs (`docs/decisions`); the lockfile must never go back. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const FLOORS: Record<string, string> = {
  next: '16.4.5',
  react: '19.2.6',
  '@clerk/nextjs': '7.2.1',
  '@clerk/backend': '3.2.3',
  fastify: '5.8.5',
  '@trpc/server': '11.8.0',
  bullmq: '6.3.5',
  standardwebhooks: '1.1.0',
  sharp: '0.35.5',
};

// The lockfile may hold several documents: the package manager's own comes first.
const text = readFileSync(new URL('../../pnpm-lock.yaml', import.meta.url), 'utf8');
const documents = text.split(/^---$/m).map((part) => parse(part) as { packages?: Record<string, unknown> } | null);
const installed = documents
  .flatMap((document) => Object.keys(document?.packages ?? {}))
  .map((key) => {
    const at = key.lastIndexOf('@');
    return { name: key.slice(0, at), version: key.slice(at + 1) };
  });

function isAtLeast(version: string, floor: string): boolean {
  const [a, b] = [version, floor].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

it.each(Object.entries(FLOORS))('%s is nowhere older than %s', (name, floor) => {
  const versions = installed.filter((entry) => entry.name === name).map((entry) => entry.version);
  expect(versions).not.toEqual([]);
  expect(versions.filter((version) => !isAtLeast(version, floor))).toEqual([]);
});

it('modal is exactly 0.11.1: the newest on npm is another product', () => {
  expect(installed.filter((entry) => entry.name === 'modal').map((entry) => entry.version)).toEqual(['0.11.1']);
});
