/**
 * Who sees which page: every page and route of the web app against every identity. A page that has no row here fails the first
 * test, so that none can be added without deciding who may see it.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorld, TINY_JPEG, TINY_PNG, type World } from '@pixgen/core/testing-world';
import { connectDb, type Db } from '@pixgen/db';
import { newId } from '@pixgen/domain';
import { createStorage, type Storage } from '@pixgen/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { type Product, startProduct } from '../stack/product.ts';
import { askRaw, otherSpellings, trustedHeaders } from './other-spellings.ts';

const IDENTITIES = ['anonymous', 'banned', 'other', 'admin', 'owner'] as const;
type Identity = (typeof IDENTITIES)[number];

type Row =
  /** Everybody sees it, and nothing of anybody. */
  | { who: 'everybody'; path?: string }
  /** Whoever is signed in sees their own things; others are sent to the sign-in page. */
  | { who: 'oneself'; path?: string }
  /** One thing of its owner. To everybody else it is not there: the same answer as for an id that does not exist. */
  | { who: 'owner'; path: (world: World) => string; kind: 'page' | 'picture' }
  | { who: 'admin'; path?: string; kind: 'page' | 'forwarded' }
  /** Not looked at: calls are judged one by one in the access matrix of the API, behind the checks of `forwardToApi`. */
  | { who: 'api' };

/** What stands on pages of administrators alone. */
const INSIDE = /under pseudonyms|Who is here, what waits|What people say must not be here/;
/** On the queue board. */
const BOARD = /__UI_CONFIG__/;

const PAGES: Record<string, Row> = {
  '/': { who: 'everybody' },
  '/sign-in': { who: 'everybody' },
  '/sign-up': { who: 'everybody' },
  '/setup': { who: 'everybody' },
  '/set-password': { who: 'everybody' },
  '/erasure': { who: 'everybody' },
  '/report': { who: 'everybody' },
  '/docs/api': { who: 'everybody' },
  '/suspended': { who: 'everybody' },
  '/healthz': { who: 'everybody' },
  '/readyz': { who: 'everybody' },
  '/home': { who: 'oneself' },
  '/train': { who: 'oneself' },
  '/models': { who: 'oneself' },
  '/studio': { who: 'oneself' },
  '/packs': { who: 'oneself' },
  '/packs/[slug]': { who: 'oneself', path: '/packs/cinematic-portraits' },
  '/gallery': { who: 'oneself' },
  '/compare': { who: 'oneself' },
  '/activity': { who: 'oneself' },
  '/settings': { who: 'oneself' },
  '/models/[id]': { who: 'owner', kind: 'page', path: ({ modelId }) => `/models/${modelId}` },
  '/train/[modelId]': { who: 'owner', kind: 'page', path: ({ modelId }) => `/train/${modelId}` },
  '/train/[modelId]/subject': { who: 'owner', kind: 'page', path: ({ modelId }) => `/train/${modelId}/subject` },
  '/train/[modelId]/photos': { who: 'owner', kind: 'page', path: ({ modelId }) => `/train/${modelId}/photos` },
  '/train/[modelId]/settings': { who: 'owner', kind: 'page', path: ({ modelId }) => `/train/${modelId}/settings` },
  '/train/[modelId]/review': { who: 'owner', kind: 'page', path: ({ modelId }) => `/train/${modelId}/review` },
  '/generations/[id]': { who: 'owner', kind: 'page', path: ({ generationId }) => `/generations/${generationId}` },
  '/gallery/[id]': { who: 'owner', kind: 'page', path: ({ imageId }) => `/gallery/${imageId}` },
  '/activity/[job]': { who: 'owner', kind: 'page', path: ({ trainingJobId }) => `/activity/${trainingJobId}` },
  '/i/[imageId]': { who: 'owner', kind: 'picture', path: ({ imageId }) => `/i/${imageId}` },
  '/p/[photoId]': { who: 'owner', kind: 'picture', path: ({ photoId }) => `/p/${photoId}` },
  '/s/[sampleId]': { who: 'owner', kind: 'picture', path: ({ sampleId }) => `/s/${sampleId}` },
  '/admin': { who: 'admin', kind: 'page' },
  '/admin/audit-log': { who: 'admin', kind: 'page' },
  '/admin/reports': { who: 'admin', kind: 'page' },
  '/admin/queues/[[...path]]': { who: 'admin', kind: 'forwarded', path: '/admin/queues' },
  '/trpc/[...path]': { who: 'api' },
  '/auth/change-password': { who: 'api' },
  '/auth/set-password': { who: 'api' },
  '/auth/set-up': { who: 'api' },
  '/auth/sign-in': { who: 'api' },
  '/auth/sign-out': { who: 'api' },
  '/auth/sign-up': { who: 'api' },
};

/** Addresses of all pages and route handlers, as their folders say them. */
function findPages(): string[] {
  const files = globSync('**/{page.tsx,route.ts}', { cwd: join(repositoryRoot, 'apps/web/src/app') });
  return files.map((file) => {
    const folders = file.split('/').slice(0, -1);
    return `/${folders.filter((folder) => !folder.startsWith('(')).join('/')}`;
  });
}

/** Few at a time: the product runs beside. */
async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items];
  const run = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 4 }, run));
}

type Answer = { status: number; location: string | null; body: string };

describe('every page', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pixgen-pages-'));
  let product: Product;
  let db: Db;
  let storage: Storage;
  let world: World;
  let ownerId = '';
  const cookies = {} as Record<Identity, string>;
  const faults: string[] = [];

  beforeAll(async () => {
    product = await startProduct({
      dataDir,
      gpu: 'simulator',
      web: true,
      webPort: {},
      environment: { GPU_PROFILE: 'nano', ...process.env },
      durable: false,
      step: (_label, work) => work(() => undefined),
      onTrouble: (line) => faults.push(line),
    });
    const { stores } = product;
    db = connectDb({ url: stores.DATABASE_URL ?? '', poolSize: 2, onError: () => {} });
    storage = createStorage({
      endpoint: stores.S3_ENDPOINT ?? '',
      region: stores.S3_REGION ?? '',
      bucket: stores.S3_BUCKET ?? '',
      accessKeyId: stores.S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: stores.S3_SECRET_ACCESS_KEY ?? '',
    });
    for (const who of IDENTITIES) cookies[who] = who === 'anonymous' ? '' : await signUp(who);
    const idOf = async (who: Identity) =>
      (await db.prisma.user.findUniqueOrThrow({ where: { email: `${who}@example.test` }, select: { id: true } })).id;
    await db.prisma.user.update({ where: { id: await idOf('banned') }, data: { status: 'suspended' } });
    await db.prisma.user.update({ where: { id: await idOf('admin') }, data: { role: 'admin' } });
    ownerId = await idOf('owner');
    world = await createWorld({ db, storage }, ownerId);
  });
  afterAll(async () => {
    storage?.close();
    await db?.close();
    await product?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** Through the form's own address, as the browser does it. */
  async function signUp(who: string): Promise<string> {
    const answer = await fetch(`${product.publicUrl}/auth/sign-up`, {
      method: 'POST',
      headers: { origin: product.publicUrl, 'content-type': 'application/json' },
      body: JSON.stringify({ email: `${who}@example.test`, password: 'a long password', displayName: `Canary ${who}` }),
    });
    expect(answer.status).toBe(204);
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^pixgen_session=[^;]+;.*HttpOnly/i);
    return cookie.split(';')[0] ?? '';
  }

  async function get(who: Identity, path: string): Promise<Answer> {
    const headers = { cookie: cookies[who], accept: 'text/html,image/webp' };
    const answer = await fetch(product.publicUrl + path, { headers, redirect: 'manual' });
    return { status: answer.status, location: answer.headers.get('location'), body: await answer.text() };
  }

  /**
   * What a person gets: status, address and every text of the page. Its parts come in the order in which they are ready, with
   * nonces and times in their scripts, so bytes differ from one answer to the next for everybody alike.
   */
  function alike({ status, location, body }: Answer, asked: string) {
    const plain = (text: string) => text.replaceAll(asked, 'ASKED').replaceAll(encodeURIComponent(asked), 'ASKED');
    const texts = plain(body)
      .replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '')
      .split(/<[^>]*>/)
      .map((text) => text.trim())
      .filter(Boolean);
    return { status, location: location === null ? null : plain(location), texts: [...new Set(texts)].toSorted() };
  }

  const canaries = () => [
    'anary Subject',
    'canary prompt',
    'canary words',
    'canary-face',
    'owner@example.test',
    'Canary owner',
    ownerId,
  ];
  const showsOwner = ({ body }: Answer, ids: readonly string[] = []) =>
    [...canaries(), ...ids].filter((word) => body.includes(word));

  it('has a row, and every row a page', () => {
    expect(findPages().toSorted()).toEqual(Object.keys(PAGES).toSorted());
  });

  it.each(Object.entries(PAGES))('%s', async (pattern, row) => {
    if (row.who === 'api') return;
    if (row.who === 'everybody') {
      for (const who of IDENTITIES) {
        const answer = await get(who, row.path ?? pattern);
        expect([who, answer.status < 400]).toEqual([who, true]);
        expect([who, showsOwner(answer)]).toEqual([who, []]);
      }
      return;
    }
    if (row.who === 'oneself') {
      const path = row.path ?? pattern;
      const anonymous = await get('anonymous', path);
      expect([anonymous.status, anonymous.location]).toEqual([307, expect.stringContaining('/sign-in')]);
      for (const who of ['other', 'admin', 'owner'] as const) {
        const answer = await get(who, path);
        expect([who, answer.status]).toEqual([who, 200]);
        expect(answer.body).toContain(`Canary ${who}`);
        if (who !== 'owner') expect([who, showsOwner(answer, Object.values(world))]).toEqual([who, []]);
      }
      const banned = await get('banned', path);
      expect(showsOwner(banned, Object.values(world))).toEqual([]);
      expect(banned.body).not.toContain('Canary banned');
      return;
    }
    if (row.who === 'owner') {
      const path = row.path(world);
      const asked = Object.values(world).find((id) => path.includes(id)) ?? '';
      const other = newId();
      expect((await get('owner', path)).status).toBeLessThan(400);
      for (const who of ['anonymous', 'banned', 'other', 'admin'] as const) {
        const foreign = await get(who, path);
        const absent = await get(who, path.replace(asked, other));
        expect(alike(foreign, asked), `${who} ${path}`).toEqual(alike(absent, other));
        if (who === 'other' || who === 'admin') expect([who, foreign.status]).toEqual([who, 404]);
        expect([
          who,
          showsOwner(
            foreign,
            Object.values(world).filter((id) => id !== asked),
          ),
        ]).toEqual([who, []]);
        if (row.kind === 'picture' && (who === 'anonymous' || who === 'banned'))
          expect(foreign.status).toBe({ anonymous: 401, banned: 403 }[who]);
      }
      return;
    }
    const path = row.path ?? pattern;
    const shown = await get('admin', path);
    expect(shown.status).toBe(200);
    if (row.kind === 'page') expect(shown.body).toMatch(INSIDE);
    for (const who of ['anonymous', 'banned', 'other', 'owner'] as const) {
      const answer = await get(who, path);
      expect([who, INSIDE.test(answer.body)]).toEqual([who, false]);
      if (who === 'other' || who === 'owner') expect([who, answer.status]).toEqual([who, 404]);
      if (row.kind === 'forwarded') {
        expect(alike(answer, path)).toEqual(alike(await get(who, `${path}/no-such-thing`), `${path}/no-such-thing`));
        expect(answer.status).toBe(404);
      }
    }
  });

  describe('asked for in other ways', () => {
    type Way = { target: string; method?: string; headers?: Record<string, string> };
    const waysTo = (path: string): Way[] => [
      ...otherSpellings(path).map((target) => ({ target })),
      ...trustedHeaders(path).map((headers) => ({ target: path, headers })),
      ...trustedHeaders(path).map((headers) => ({ target: '/sign-in', headers })),
      ...['HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'].map((method) => ({ target: path, method })),
    ];
    /** As text, with what is lost by that. */
    const PICTURES = [TINY_PNG, TINY_JPEG].map(String);
    const PROTECTED: [name: string, path: (world: World) => string][] = [
      ['a model', ({ modelId }) => `/models/${modelId}`],
      ['an image', ({ imageId }) => `/gallery/${imageId}`],
      ['a picture', ({ imageId }) => `/i/${imageId}`],
      ['a photo', ({ photoId }) => `/p/${photoId}`],
      ['the settings', () => '/settings'],
      ['the administration', () => '/admin'],
      ['the reports', () => '/admin/reports'],
      ['the queue board', () => '/admin/queues'],
    ];

    it.each(PROTECTED)('%s shows nothing to whom it does not belong', { timeout: 300_000 }, async (_, pathOf) => {
      const path = pathOf(world);
      const asked = Object.values(world).find((id) => path.includes(id)) ?? '';
      const secrets = Object.values(world).filter((id) => id !== asked);
      const origin = product.publicUrl;
      // What is looked for is there, for whom it belongs to.
      const own = await askRaw(origin, path, {
        headers: { cookie: cookies[path.startsWith('/admin') ? 'admin' : 'owner'] },
      });
      expect(own.status).toBe(200);
      if (/^\/[ip]\//.test(path)) expect(PICTURES).toContain(own.body);
      const ways = waysTo(path);
      expect(ways.length).toBeGreaterThan(120);
      const found: string[] = [];
      await inParallel(ways, async ({ target, method, headers = {} }) => {
        for (const who of ['anonymous', 'other'] as const) {
          const cookie = [cookies[who], headers.cookie].filter(Boolean).join('; ');
          const sent = { ...headers, host: new URL(origin).host, ...(cookie && { cookie }) };
          const answer = await askRaw(origin, target, { ...(method && { method }), headers: sent });
          // What names a host itself is answered by that name; no browser asks in that form.
          const isOwnName = answer.location === target;
          const leads = answer.location === null || isOwnName ? origin : new URL(answer.location, origin).origin;
          const shows = showsOwner(answer, secrets);
          const isPicture = answer.status < 300 && PICTURES.includes(answer.body);
          if (
            shows.length > 0 ||
            INSIDE.test(answer.body) ||
            BOARD.test(answer.body) ||
            isPicture ||
            answer.status >= 500 ||
            leads !== origin
          )
            found.push(
              `${who} ${method ?? 'GET'} ${target} ${JSON.stringify(headers)} → ${answer.status} ${answer.location} ${shows}`,
            );
        }
      });
      expect(found).toEqual([]);
    });
  });

  it('signing out takes the pictures out of the cache of the browser, and leaves how the page should look', async () => {
    const headers = { origin: product.publicUrl, 'sec-fetch-site': 'same-origin' };
    const answer = await fetch(new URL('/auth/sign-out', product.publicUrl), { method: 'POST', headers });
    expect([answer.status, answer.headers.get('clear-site-data')]).toEqual([204, '"cache"']);
  });

  it('sends browsers no secret and no name of one: nothing of the server is in what is served to everybody', () => {
    const folder = join(repositoryRoot, 'apps/web/.next/static');
    const files = globSync('**/*.{js,css,json,map}', { cwd: folder });
    expect(files.length).toBeGreaterThan(10);
    // The bundler leaves an empty map for a worker.
    for (const map of files.filter((file) => file.endsWith('.map')))
      expect(JSON.parse(readFileSync(join(folder, map), 'utf8'))).toMatchObject({ sources: [], sections: [] });
    const { DATABASE_URL, REDIS_URL, S3_SECRET_ACCESS_KEY } = product.stores;
    const words = [DATABASE_URL, REDIS_URL, S3_SECRET_ACCESS_KEY].filter((word) => word !== undefined);
    expect(words).toHaveLength(3);
    const names = ['TICKET_KEY', 'SESSION_PRIVATE_KEY', 'S3_SECRET', 'DATABASE_URL', 'GPU_SERVER_SECRET'];
    for (const file of files) {
      const text = readFileSync(join(folder, file), 'utf8');
      expect([file, [...names, ...words].filter((word) => text.includes(word))]).toEqual([file, []]);
    }
  });

  it('lets a shared cache keep what names its content, and nothing of a person', async () => {
    const kept = async (who: Identity, path: string) =>
      (await fetch(product.publicUrl + path, { headers: { cookie: cookies[who] } })).headers.get('cache-control');
    const [file = ''] = globSync('**/*.js', { cwd: join(repositoryRoot, 'apps/web/.next/static') });
    expect(await kept('anonymous', `/_next/static/${file}`)).toBe('public, max-age=31536000, immutable');
    const pages = ['/', '/sign-in', '/home', '/gallery', `/models/${world.modelId}`, `/i/${world.imageId}`];
    for (const path of [...pages, `/models/${newId()}`, '/no/such/page']) {
      for (const who of ['anonymous', 'owner'] as const)
        expect([who, path, await kept(who, path)]).toEqual([who, path, expect.stringMatching(/private|no-store/)]);
    }
  });

  it('left no trouble behind', () => {
    expect(faults).toEqual([]);
  });
});
