// One build, two installations: the same files are started with other addresses, another sign-in and another bucket, and nothing
// of the one is found in what the other serves.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AppContext, createApp } from './apps.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { repositoryRoot } from './paths.ts';
import { choosePorts, releasePorts } from './ports.ts';
import type { Environment, Service } from './process.ts';
import { buildWeb, isWebBuilt } from './web-build.ts';

const BUILD = join(repositoryRoot, 'apps/web/.next');
const clerkKey = (host: string) => `pk_live_${Buffer.from(`${host}$`).toString('base64')}`;

/** What an operator sets; every host is one that nobody owns. */
const SETTINGS = {
  first: {
    bucket: 'https://bucket.first.example',
    environment: { AUTH_MODE: 'local', PUBLIC_URL: 'https://studio.first.example' },
    marks: ['first.example'],
  },
  second: {
    bucket: 'http://bucket.second.example:9000',
    environment: {
      AUTH_MODE: 'clerk',
      PUBLIC_URL: 'http://studio.second.example:8443',
      CLERK_PUBLISHABLE_KEY: clerkKey('clerk.second.example'),
      CLERK_SECRET_KEY: 'sk_live_of_the_second',
    },
    marks: ['second.example', clerkKey('clerk.second.example'), 'sk_live_of_the_second'],
  },
} as const satisfies Record<string, { bucket: string; environment: Environment; marks: readonly string[] }>;
type Name = keyof typeof SETTINGS;
const NAMES = ['first', 'second'] as const;
const other = (name: Name): Name => (name === 'first' ? 'second' : 'first');

type Installation = { url: string; api: { port: number; asked: string[] }; service: Service; end: () => Promise<void> };

describe('one build of the web app', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pixgen-twice-'));
  const running = {} as Record<Name, Installation>;
  let built = '';

  beforeAll(async () => {
    if (!isWebBuilt()) await buildWeb();
    built = hashBuild();
    // One after the other, from the same files: what the first start left behind would be there for the second.
    for (const name of NAMES) running[name] = await start(name, join(dataDir, name));
  }, 600_000);
  afterAll(async () => {
    for (const one of Object.values(running)) await one.end();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const get = async (name: Name, path: string) => {
    const answer = await fetch(running[name].url + path, { redirect: 'manual' });
    return { headers: Object.fromEntries(answer.headers), body: await answer.text() };
  };

  it.each(NAMES)('starts as the %s installation, and each of its settings takes effect', async (name) => {
    const { bucket, environment } = SETTINGS[name];
    const gallery = await get(name, '/gallery');
    const signIn = await get(name, '/sign-in');
    expect(signIn.headers['content-security-policy']).toContain(`connect-src 'self' ${bucket}`);
    expect('strict-transport-security' in signIn.headers).toBe(environment.PUBLIC_URL.startsWith('https:'));
    expect(running[name].api.asked).toContain('/readyz');
    if (name === 'first') {
      expect(gallery.headers.location).toBe(`${environment.PUBLIC_URL}/sign-in?next=%2Fgallery`);
      expect(signIn.body).toContain('name="email"');
    } else {
      expect(signIn.body).toContain('https://clerk.second.example/');
      expect(signIn.body).not.toContain('name="email"');
    }
  });

  it.each(NAMES)('serves nothing of the other installation as the %s', async (name) => {
    const marks = [...SETTINGS[other(name)].marks, `127.0.0.1:${running[other(name)].api.port}`];
    for (const path of [
      '/',
      '/home',
      '/sign-in',
      '/sign-up',
      '/setup',
      '/erasure',
      '/manifest.webmanifest',
      '/nowhere',
    ]) {
      const { headers, body } = await get(name, path);
      const said = `${JSON.stringify(headers)}\n${body}`;
      expect([path, marks.filter((mark) => said.includes(mark))]).toEqual([path, []]);
    }
    expect(running[name].api.asked.length).toBeGreaterThan(0);
  });

  it.each(NAMES)('has no page for developers as the %s', async (name) => {
    expect((await fetch(`${running[name].url}/components`)).status).toBe(404);
  });

  it.each(NAMES)(
    'answers to its own names alone as the %s: a page that points its name here sees nothing',
    async (name) => {
      const { PUBLIC_URL } = SETTINGS[name].environment;
      const paths = ['/', '/home', '/sign-in', '/trpc/account.me', '/i/x', '/p/x', '/s/x', '/admin/queues', '/nowhere'];
      for (const [method, path] of [...paths.map((path) => ['GET', path]), ['POST', '/auth/sign-in']] as const) {
        const foreign = await askAs('rebound.example', running[name].url, method, path);
        expect([path, foreign.status, foreign.text.includes(PUBLIC_URL)]).toEqual([path, 421, true]);
      }
      for (const host of [new URL(PUBLIC_URL).host, 'localhost:1'])
        expect([host, (await askAs(host, running[name].url, 'GET', '/sign-in')).status]).toEqual([host, 200]);
      expect((await askAs('10.0.0.7', running[name].url, 'GET', '/healthz')).status).toBe(200);
    },
  );

  it.each(NAMES)(
    'serves people as the %s while others send half requests, ten megabytes and ten thousand levels',
    async (name) => {
      const { url } = running[name];
      const { port } = new URL(url);
      const heads = [
        'GET /sign-in HTTP/1.1\r\nhost: localhost\r\nx-slow: ',
        'POST /auth/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50000\r\n\r\n{"email":',
        'POST /trpc/models.create HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
      ];
      const sockets = Array.from({ length: 200 }, (_, index) => {
        const socket = connect(Number(port), '127.0.0.1');
        socket.on('error', () => {});
        socket.write(heads[index % heads.length] ?? '');
        return socket;
      });
      const own = { 'content-type': 'application/json', origin: SETTINGS[name].environment.PUBLIC_URL };
      const attack = (path: string, body: string) =>
        fetch(url + path, { method: 'POST', headers: own, body }).then(
          ({ status }) => status,
          // Hung up on while the rest was still being sent.
          () => 413,
        );
      const attacks = ['/auth/sign-in', '/trpc/models.create'].flatMap((path) => [
        attack(path, JSON.stringify({ email: 'x'.repeat(10 * 1024 * 1024) })),
        attack(path, '['.repeat(10_000)),
      ]);
      const served = await Promise.all(Array.from({ length: 30 }, () => fetch(`${url}/sign-in`)));
      expect(served.map(({ status }) => status)).toEqual(served.map(() => 200));
      for (const status of await Promise.all(attacks)) expect(status).toBeGreaterThanOrEqual(400);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      for (const socket of sockets) socket.destroy();
    },
  );

  it('was not made again, and holds no setting of either', () => {
    expect(hashBuild()).toBe(built);
    const marks = NAMES.flatMap((name) => [...SETTINGS[name].marks, `127.0.0.1:${running[name].api.port}`]);
    const files = buildFiles();
    expect(files.length).toBeGreaterThan(100);
    for (const file of files) {
      const text = readFileSync(join(BUILD, file), 'latin1');
      expect([file, marks.filter((mark) => text.includes(mark))]).toEqual([file, []]);
    }
  });
});

async function askAs(
  host: string,
  url: string,
  method: string,
  path: string,
): Promise<{ status: number; text: string }> {
  const asked = request(new URL(path, url), {
    method,
    headers: { host, origin: `http://${host}` },
    agent: false,
  }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode ?? 0, text };
}

/** What is started and served: the servers' files and those that browsers get. */
function buildFiles(): string[] {
  const folders = ['standalone/apps/web/.next/**/*', 'static/**/*'];
  const entries = globSync(folders, { cwd: BUILD, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(BUILD.length + 1)).sort();
}

/** Without what Next keeps of static answers once it has served them. */
function hashBuild(): string {
  const hash = createHash('sha256');
  for (const file of buildFiles().filter((file) => !file.includes('/route-cache/')))
    hash.update(`${file}\0`).update(readFileSync(join(BUILD, file)));
  return hash.digest('hex');
}

async function start(name: Name, dataDir: string): Promise<Installation> {
  const folder: DataFolder = await openDataFolder(dataDir);
  const ports = await choosePorts(folder.join('ports.json'), { gpu: {}, api: {}, worker: {}, web: {} });
  const { server, asked } = await startApi(ports.api);
  const { bucket, environment } = SETTINGS[name];
  const context: AppContext = { folder, ports, stores: { S3_ENDPOINT: bucket }, gpu: 'external', environment };
  const service = createApp('web', context);
  await service.start();
  const end = async () => {
    await service.stop();
    server.close();
    server.closeAllConnections();
    releasePorts(Object.values(ports));
    await folder.close();
  };
  return { url: `http://127.0.0.1:${ports.web}`, api: { port: ports.api, asked }, service, end };
}

/** An API that is up and knows nothing: pages that are open to everybody are drawn all the same. */
async function startApi(port: number): Promise<{ server: Server; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.writeHead(url === '/readyz' ? 200 : 503, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect((server.address() as AddressInfo).port).toBe(port);
  return { server, asked };
}
