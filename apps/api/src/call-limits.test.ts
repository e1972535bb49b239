import { newId } from '@pixgen/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { createWorld } from './access-world.ts';
import { startTestApi, type TestApi } from './testing.ts';

const NO_REDIS = 'redis://127.0.0.1:1';
let api: TestApi;
afterEach(() => api.close());

const start = () => ({ modelId: newId(), idempotencyKey: newId() });

/** One batched request of so many calls; the public code of each answer, null for none. */
async function batch(path: string, inputs: unknown[], headers: Record<string, string>, at = api) {
  const paths = inputs.map(() => path).join(',');
  const answer = await at.post(`/trpc/${paths}?batch=1`, { ...inputs }, headers);
  const results = (await answer.json()) as { error?: { data: { appCode: string } } }[];
  return {
    codes: results.map(({ error }) => error?.data.appCode ?? null),
    retryAfter: answer.headers.get('retry-after'),
  };
}
const passed = (codes: (string | null)[]) => codes.filter((code) => code !== 'RATE_LIMITED').length;

describe('the limits of a person', () => {
  it('count every procedure of a batch, and parallel batches cannot pass them together', async () => {
    api = await startTestApi({ TRAININGS_PER_HOUR: '5' });
    const [ada, eve] = [await api.signUp(), await api.signUp()];
    const batches = await Promise.all(
      Array.from({ length: 6 }, () => batch('training.start', Array.from({ length: 10 }, start), ada.headers)),
    );
    expect(passed(batches.flatMap(({ codes }) => codes))).toBe(5);
    // The model does not exist: what the limit let through came as far as that.
    expect(new Set(batches.flatMap(({ codes }) => codes))).toEqual(new Set(['NOT_FOUND', 'RATE_LIMITED']));
    expect(Number(batches[0]?.retryAfter)).toBeGreaterThan(3_000);
    expect(passed((await batch('training.start', [start()], eve.headers)).codes)).toBe(1);
  });

  it('name what is reached and when it goes on, over REST as well', async () => {
    api = await startTestApi({ GENERATIONS_PER_HOUR: '1', READS_PER_15_MIN: '2' });
    const { headers } = await api.signUp();
    const order = { ...start(), prompt: 'rain' };
    expect((await api.post('/api/v1/generations', order, headers)).status).toBe(404);
    const refused = await api.post('/api/v1/generations', order, headers);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
    const { error } = (await refused.json()) as { error: { message: string } };
    expect(error.message).toMatch(
      /^The limit of 1 generations an hour is reached\. Try again in \d+ minutes\. Nothing was started or charged\.$/,
    );
    const read = async () => (await fetch(`${api.url}/api/v1/models`, { headers })).status;
    expect([await read(), await read(), await read()]).toEqual([200, 200, 429]);
  });

  it('count what does the work of many calls as several, by what is asked for, and let it happen once all the same', async () => {
    api = await startTestApi({ READS_PER_15_MIN: '11', MUTATIONS_PER_15_MIN: '12', GENERATIONS_PER_HOUR: '4' });
    const [ada, eve] = [await api.signUp(), await api.signUp()];
    const get = async (path: string) => (await fetch(`${api.url}/api/v1${path}`, ada)).status;
    expect([await get('/images/frames'), await get('/images/frames'), await get('/models')]).toEqual([200, 200, 200]);
    expect(await get('/models')).toBe(429);
    const order = (n: unknown) => batch('generation.start', [{ ...start(), prompt: 'rain', n }], ada.headers);
    expect(passed((await order(16)).codes)).toBe(1);
    expect(passed((await order('16')).codes)).toBe(1);
    expect(passed((await order(1)).codes)).toBe(1);
    expect(passed((await order(1)).codes)).toBe(0);
    const pack = () => ({ kind: 'download', selection: { ids: [newId()] }, idempotencyKey: newId() });
    const packs = await batch('bulk.start', [pack(), pack()], eve.headers);
    expect(passed(packs.codes)).toBe(1);
    const tight = await startTestApi({ MUTATIONS_PER_15_MIN: '3' });
    const { headers } = await tight.signUp();
    expect(passed((await batch('bulk.start', [pack()], headers, tight)).codes)).toBe(1);
    expect(passed((await batch('bulk.start', [pack()], headers, tight)).codes)).toBe(0);
    await tight.close();
  });

  it('count an order as a change too', async () => {
    api = await startTestApi({ MUTATIONS_PER_15_MIN: '3' });
    const { headers } = await api.signUp();
    const { codes } = await batch('training.start', Array.from({ length: 5 }, start), headers);
    expect(passed(codes)).toBe(3);
    expect(passed((await batch('models.create', [{ name: 'Rex', classWord: 'dog' }], headers)).codes)).toBe(0);
  });

  it('never hold back the stored answer of a call that was accepted', async () => {
    api = await startTestApi({ GENERATIONS_PER_HOUR: '1' });
    const { headers, userId } = await api.signUp();
    const { modelId } = await createWorld(api, userId);
    const order = { modelId, prompt: 'rain', idempotencyKey: newId() };
    const first = await api.post('/trpc/generation.start', order, headers);
    const again = await api.post('/trpc/generation.start', order, headers);
    expect([first.status, again.status]).toEqual([200, 200]);
    const id = async (answer: Response) =>
      ((await answer.json()) as { result: { data: { id: string } } }).result.data.id;
    expect(await id(again)).toBe(await id(first));
    const another = await api.post('/trpc/generation.start', { ...order, idempotencyKey: newId() }, headers);
    expect(another.status).toBe(429);
  });

  it('hold for what costs money while Redis is away, counted by Postgres', async () => {
    api = await startTestApi({ TRAININGS_PER_HOUR: '5', GENERATIONS_PER_HOUR: '2', REDIS_URL: NO_REDIS });
    const { headers } = await api.signUp();
    const batches = await Promise.all(
      Array.from({ length: 5 }, () => batch('training.start', Array.from({ length: 10 }, start), headers)),
    );
    expect(passed(batches.flatMap(({ codes }) => codes))).toBe(5);
    const orders = Array.from({ length: 5 }, () => ({ ...start(), prompt: 'rain' }));
    expect(passed((await batch('generation.start', orders, headers)).codes)).toBe(2);
    expect(await api.db.prisma.callCount.count()).toBe(2);
  });

  it('hold parallel calls and streams of one person to their places, and give each place back', async () => {
    api = await startTestApi({ CALLS_AT_ONCE_PER_PERSON: '4', STREAMS_PER_PERSON: '2' });
    const [ada, eve] = [await api.signUp(), await api.signUp()];
    const inputs = Array.from({ length: 10 }, () => ({ name: 'Rex', classWord: 'dog' }));
    const first = await batch('models.create', inputs, ada.headers);
    expect(passed(first.codes)).toBe(4);
    expect(first.retryAfter).toBe('1');
    expect(passed((await batch('models.create', inputs.slice(0, 4), ada.headers)).codes)).toBe(4);

    const open = async (headers: Record<string, string>) => {
      const ended = new AbortController();
      const url = `${api.url}/trpc/jobs.live?input=%7B%7D`;
      const answer = await fetch(url, { headers: { ...headers, accept: 'text/event-stream' }, signal: ended.signal });
      const reader = answer.body?.getReader();
      let text = '';
      while (reader && !/hello|serialized-error/.test(text)) text += Buffer.from((await reader.read()).value ?? []);
      return { isOpen: text.includes('hello'), text, close: () => ended.abort() };
    };
    const streams = [await open(ada.headers), await open(ada.headers)];
    expect(streams.map(({ isOpen }) => isOpen)).toEqual([true, true]);
    expect((await open(ada.headers)).text).toContain('RATE_LIMITED');
    expect((await open(eve.headers)).isOpen).toBe(true);
    streams[0]?.close();
    await expect.poll(async () => (await open(ada.headers)).isOpen).toBe(true);
  });
});

describe('the jobs of a person', () => {
  it('are at most so many at once for parallel calls, and the refusal names the number', async () => {
    api = await startTestApi({ LIVE_JOBS_PER_PERSON: '2' });
    const { headers, userId } = await api.signUp();
    const { modelId } = await createWorld(api, userId);
    const order = () => ({ modelId, prompt: 'rain', idempotencyKey: newId() });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => api.post('/trpc/generation.start', order(), headers)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 429, 429, 429, 429]);
    const refused = await api.post('/api/v1/generations', order(), headers);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect(await refused.text()).toContain('At most 2 jobs of one person at once');
    const [live] = await api.db.prisma.liveJob.findMany({ where: { job: { userId } }, include: { job: true } });
    const cancelled = await api.post('/trpc/generation.cancel', { id: live?.generationId }, headers);
    expect(cancelled.status).toBe(200);
    expect((await api.post('/trpc/generation.start', order(), headers)).status).toBe(200);
  });
});

describe('reports', () => {
  const report = { what: 'a picture', reason: 'other' };
  const from = (address: string) => ({ 'x-forwarded-for': address });

  it.each([{}, { REDIS_URL: NO_REDIS }])('of one address are limited, each of a batch counts (%o)', async (changes) => {
    api = await startTestApi({ REPORTS_PER_HOUR_PER_ADDRESS: '3', TRUSTED_PROXIES: '127.0.0.1', ...changes });
    // Until the first connection stands Postgres counts, and Redis begins from nothing.
    if (!('REDIS_URL' in changes))
      await expect
        .poll(() =>
          api.services.deps.live.ping().then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    const four = Array.from({ length: 4 }, () => report);
    const { codes, retryAfter } = await batch('reports.file', four, from('203.0.113.1'));
    expect(passed(codes)).toBe(3);
    expect(Number(retryAfter)).toBeGreaterThan(3_000);
    // The web app appends whom it saw: what stands before that is only said. Who is signed in makes no difference.
    const { headers } = await api.signUp();
    const again = await batch('reports.file', [report], { ...headers, ...from('198.51.100.7, 203.0.113.1') });
    expect(passed(again.codes)).toBe(0);
    expect(passed((await batch('reports.file', [report], from('203.0.113.2'))).codes)).toBe(1);
    expect(await api.db.prisma.report.count()).toBe(4);
  });
});

describe('the ceiling of an address', () => {
  it('comes before any question of who calls, believes only the web app about addresses, and spares GPUs', async () => {
    api = await startTestApi({ CALLS_PER_MINUTE_PER_ADDRESS: '3', TRUSTED_PROXIES: '127.0.0.1' });
    const from = async (address: string, path = '/api/v1/account') => {
      const answer = await fetch(api.url + path, { headers: { 'x-forwarded-for': address } });
      return [answer.status, answer.headers.has('retry-after')];
    };
    const three = [await from('203.0.113.1'), await from('203.0.113.1'), await from('203.0.113.1')];
    expect(three).toEqual(Array.from({ length: 3 }, () => [401, false]));
    expect(await from('203.0.113.1')).toEqual([429, true]);
    // The web app appends whom it saw: what stands before that is only said.
    expect(await from('198.51.100.7, 203.0.113.1')).toEqual([429, true]);
    expect(await from('203.0.113.2')).toEqual([401, false]);
    for (const path of ['/healthz', '/readyz']) expect((await from('203.0.113.1', path))[0]).not.toBe(429);
    const event = await fetch(`${api.url}/webhooks/gpu/${newId()}/1/1`, {
      method: 'POST',
      headers: { 'x-forwarded-for': '203.0.113.1', 'content-type': 'application/json' },
      body: '{}',
    });
    expect(event.status).toBe(401);
  });
});
