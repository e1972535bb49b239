/** Architecture rules as tests. `turbo boundaries` checks which package may import which; these check the rest. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = tracked.filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !file.endsWith('.d.ts'));
const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file) || file.endsWith('/testing.ts');
const product = sources.filter((file) => /^(apps|packages)\//.test(file) && !isTest(file));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Module names that a file imports, statically or not. */
function importsOf(file: string): string[] {
  const pattern = /(?:from\s+|import\s+|import\(\s*)['"]([^'"]+)['"]/g;
  return [...read(file).matchAll(pattern)].map((match) => match[1] ?? '');
}

function importersOf(module: RegExp, files = product): string[] {
  return files.filter((file) => importsOf(file).some((name) => module.test(name)));
}

const below =
  (...folders: string[]) =>
  (file: string): boolean =>
    folders.some((folder) => file.startsWith(folder));

describe('one place per outside thing', () => {
  it.each([
    ['Prisma and pg', /^(@prisma\/|prisma|pg$)/, ['packages/db/']],
    ['BullMQ and ioredis', /^(bullmq|ioredis)$/, ['packages/queue/']],
    ['the S3 SDK', /^@aws-sdk\//, ['packages/storage/']],
    ['pino', /^pino$/, ['packages/core/src/logging']],
    ['the Modal client', /^modal$/, ['packages/core/src/gpu/modal-backend']],
    ['Fastify', /^(fastify|@fastify\/)/, ['apps/api/', 'apps/worker/src/health']],
    ['Next and React', /^(next|react|react-dom)(\/|$)/, ['apps/web/', 'packages/ui/']],
    ['sharp', /^sharp$/, ['packages/core/src/photos/', 'packages/core/src/gallery/']],
  ])('%s', (_, module, folders) => {
    expect(importersOf(module).filter((file) => !below(...folders)(file))).toEqual([]);
  });

  it('only modal_app.py imports modal', () => {
    const python = tracked.filter((file) => /^gpu\/(?!tests\/).*\.py$/.test(file));
    expect(python.filter((file) => /^\s*(import modal|from modal)\b/m.test(read(file)))).toEqual(['gpu/modal_app.py']);
  });

  it('the environment is read in env.ts alone', () => {
    const allowed = /(^|\/)(env|main|prisma\.config|set-up-link|password-link|audit-ledger|audit-log)\.ts$|\/scripts\//;
    expect(
      product.filter((file) => /process\.env\b(?!\.(NODE_ENV|NEXT_RUNTIME)\b)/.test(read(file)) && !allowed.test(file)),
    ).toEqual([]);
  });
});

describe('calls between our own programs', () => {
  it('follow no redirect: what they carry goes where it was meant to go, or nowhere', () => {
    const callers = product.filter((file) => /API_URL|gpuApiUrl/.test(read(file)) && /\bfetch\(/.test(read(file)));
    expect(callers.length).toBeGreaterThan(5);
    const count = (file: string, pattern: RegExp): number => read(file).match(pattern)?.length ?? 0;
    const following = callers.filter(
      (file) => count(file, /\bfetch\(/g) > count(file, /\bredirect: '(manual|error)'/g),
    );
    expect(following).toEqual([]);
  });
});

describe('imports', () => {
  it('point inside the own package, to its declared dependencies, or to Node', () => {
    const strangers = product.flatMap((file) => {
      const folder = file.split('/').slice(0, 2).join('/');
      const manifest = JSON.parse(read(`${folder}/package.json`)) as Record<string, Record<string, string> | undefined>;
      const declared = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies };
      return importsOf(file)
        .filter((name) => !name.startsWith('node:') && !name.startsWith('@/') && name !== 'server-only')
        .filter((name) => {
          if (name.startsWith('.')) return !resolve(root, dirname(file), name).startsWith(join(root, folder));
          const packageName = name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/');
          return !(packageName in declared);
        })
        .map((name) => `${file} → ${name}`);
    });
    expect(strangers).toEqual([]);
  });

  it('follow the layers: each package names only those below it', () => {
    const layers: Record<string, string[]> = {
      'packages/domain': [],
      'packages/ui': [],
      'packages/db': ['domain'],
      'packages/queue': ['domain'],
      'packages/storage': ['domain'],
      'packages/core': ['domain', 'db', 'queue', 'storage'],
      'packages/trpc': ['domain', 'core'],
      'apps/api': ['domain', 'db', 'queue', 'storage', 'core', 'trpc'],
      'apps/worker': ['domain', 'db', 'queue', 'storage', 'core'],
      // Only types and the client of `@pixgen/trpc` (below).
      'apps/web': ['domain', 'ui', 'trpc'],
    };
    const wrong = Object.entries(layers).flatMap(([folder, allowed]) => {
      const { dependencies = {} } = JSON.parse(read(`${folder}/package.json`)) as {
        dependencies?: Record<string, string>;
      };
      const own = Object.keys(dependencies)
        .filter((name) => name.startsWith('@pixgen/'))
        .map((name) => name.slice('@pixgen/'.length));
      return own.filter((name) => !allowed.includes(name)).map((name) => `${folder} → ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('the web app knows of the API only the client and its types', () => {
    const names = product
      .filter(below('apps/web/'))
      .flatMap(importsOf)
      .filter((name) => name.startsWith('@pixgen/trpc'));
    expect([...new Set(names)].filter((name) => name !== '@pixgen/trpc/client')).toEqual([]);
  });

  it('forms of the web app are sent by SubmitButton, which waits until the page is alive', () => {
    const sending = product.filter((file) => /<form\b/.test(read(file)) && /onSubmit=/.test(read(file)));
    expect(sending.length).toBeGreaterThan(8);
    expect(sending.filter((file) => !/<SubmitButton\b/.test(read(file)))).toEqual([]);
    const byHand = product.filter((file) => file.endsWith('.tsx') && /type="submit"/.test(read(file)));
    expect(byHand).toEqual(['packages/ui/src/submit-button.tsx']);
  });

  it('domain has no I/O: a browser can load all of it', () => {
    expect(importersOf(/^node:/, product.filter(below('packages/domain/src/')))).toEqual([]);
  });
});

describe('files', () => {
  it('have no catch-all folders', () => {
    expect(tracked.filter((file) => /(^|\/)(utils?|helpers?|misc|common)\//i.test(file))).toEqual([]);
  });

  it('made by a generator are fresh', () => {
    const script = join(root, 'packages/domain/scripts/export-protocol.ts');
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  it('name no path of a developer’s machine and no package host', () => {
    const pattern = '(/root/|/home/[a-z]+/|https?://(registry|files|deb|repo|index)\\.[a-z]+\\.(org|com|net))';
    const found = tracked.filter(
      (file) => /\.(ts|tsx|mjs|py|md|json|ya?ml|toml|txt|sh)$/.test(file) && new RegExp(pattern).test(read(file)),
    );
    expect(found.filter((file) => file !== 'tools/architecture/architecture.test.ts')).toEqual([]);
  });
});
