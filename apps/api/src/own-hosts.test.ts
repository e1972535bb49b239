import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({
    API_HOSTS: 'programs.studio.example',
    GPU_API_URL: 'https://gpu-calls.example:8443',
    TRUSTED_PROXIES: '127.0.0.1',
  });
});
afterAll(() => api.close());

const ask = async (host: string, url = '/api/v1/openapi.json', headers = {}) =>
  (await api.app.inject({ url, headers: { host, ...headers } })).statusCode;

it('a page that points a name of its own at this machine is told off before anything is looked at', async () => {
  for (const host of ['rebound.example', 'rebound.example:4000', 'localhost.rebound.example', 'a@localhost']) {
    for (const url of ['/api/v1/account', '/trpc/account.me', '/auth/local/sign-up', '/gpu/claim', '/nowhere'])
      expect([host, url, await ask(host, url)]).toEqual([host, url, 421]);
  }
  // What a page of the same origin may write itself.
  expect(await ask('rebound.example', '/api/v1/account', { 'x-forwarded-host': 'localhost' })).toBe(421);
  const { body } = await api.app.inject({ url: '/api/v1/account', headers: { host: 'rebound.example' } });
  expect(JSON.parse(body)).toMatchObject({
    error: { code: 'WRONG_HOST', message: expect.stringContaining('API_HOSTS') },
  });
});

it('this machine, bare addresses, names of containers and those of the configuration are answered, probes always', async () => {
  for (const host of ['localhost:4000', '127.0.0.1', '[::1]:4000', '10.1.2.3:4000', 'api:4000', 'studio.example'])
    expect([host, await ask(host)]).toEqual([host, 200]);
  for (const host of ['gpu-calls.example', 'gpu-calls.example:8443', 'Programs.Studio.Example'])
    expect([host, await ask(host)]).toEqual([host, 200]);
  for (const url of ['/healthz', '/readyz'])
    expect([url, await ask('pod-7.cluster.example', url)]).not.toEqual([url, 421]);
});
