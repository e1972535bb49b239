/** The checks of an installation: green only for what really works, red with the cause, and nothing told to strangers. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pingGpu } from '@pixgen/core';
import type { SystemCheck, SystemChecks } from '@pixgen/domain';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
let admin: Record<string, string>;
beforeAll(async () => {
  api = await startTestApi();
  const { live } = api.services.deps;
  await vi.waitFor(() => live.ping());
});
afterAll(() => api.close());
beforeEach(async () => {
  api.services.deps.config.gpuApiUrl = api.url;
  await ping(async () => ({ state: 'lost', reason: 'unknown' }));
});

const ping = (status: Parameters<typeof pingGpu>[1]['status']) => pingGpu(api.services.deps, { name: 'local', status });

async function call<T>(procedure: string, headers: Record<string, string> = {}): Promise<T> {
  const answer = await fetch(`${api.url}/trpc/${procedure}`, { headers });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { result: { data: T } }).result.data;
}
const check = () => call<SystemChecks>('admin.checks', admin);
const red = (checks: SystemCheck[]) => checks.filter(({ ok }) => !ok);

it('shows whoever sets up what works, without causes, until there is an administrator', async () => {
  api.services.deps.config.gpuApiUrl = 'http://127.0.0.1:1';
  const { checks } = await call<{ checks: SystemCheck[] }>('account.setUpChecks');
  expect(checks.map(({ name, ok, cause }) => [name, ok, cause])).toEqual([
    ['database', true, null],
    ['migrations', true, null],
    ['redis', true, null],
    ['storage', true, null],
    ['events', false, null],
    ['gpu', true, null],
  ]);
  const ada = await api.signUp();
  await api.db.prisma.user.update({ where: { id: ada.userId }, data: { role: 'admin' } });
  admin = ada.headers;
  expect(await call('account.setUpChecks')).toEqual({ checks: null });
});

it('is all green when everything answers, with an upload that the store takes', async () => {
  const { checks, upload } = await check();
  expect(red(checks)).toEqual([]);
  const { url, headers, body } = upload;
  expect((await fetch(url, { method: 'PUT', headers, body })).status).toBe(200);
  const longer = { method: 'PUT', headers, body: `${body} and more` };
  expect((await fetch(url, longer)).ok).toBe(false);
});

it('tells an address where nobody listens from a server that is no PixGen, or one with another key', async () => {
  api.services.deps.config.gpuApiUrl = 'http://127.0.0.1:1';
  expect(red((await check()).checks)).toMatchObject([
    { name: 'events', cause: expect.stringMatching(/ECONNREFUSED|bad port/) },
  ]);
  const stranger = createServer((_request, response) => response.writeHead(404).end('nothing here')).listen(
    0,
    '127.0.0.1',
  );
  await once(stranger, 'listening');
  api.services.deps.config.gpuApiUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  const wrong = (await check()).checks;
  stranger.close();
  expect(red(wrong)).toMatchObject([{ name: 'events', cause: expect.stringContaining('answered 404') }]);
  const other = await startTestApi();
  api.services.deps.config.gpuApiUrl = other.url;
  const { checks } = await check();
  await other.close();
  expect(red(checks)).toMatchObject([{ name: 'events', cause: expect.stringContaining('another ticket key') }]);
});

it('says what the GPU said, or that no worker has asked it', async () => {
  await ping(() => Promise.reject(new Error('The GPU server does not answer.', { cause: new Error('ECONNREFUSED') })));
  expect(red((await check()).checks)).toEqual([{ name: 'gpu', ok: false, cause: 'local: ECONNREFUSED' }]);
  await api.services.deps.live.cache.drop('gpu-ping');
  expect(red((await check()).checks)).toMatchObject([{ name: 'gpu', cause: expect.stringContaining('no worker') }]);
});

it('says why the store fails, and leaves nothing in it when it does not', async () => {
  const { deps } = api.services;
  const before: string[] = [];
  for await (const { key } of deps.storage.list('u/check/')) before.push(key);
  await check();
  const after: string[] = [];
  for await (const { key } of deps.storage.list('u/check/')) after.push(key);
  expect(after).toEqual(before);
  vi.spyOn(deps.storage, 'write').mockRejectedValueOnce(new Error('AccessDenied'));
  expect(red((await check()).checks)).toEqual([{ name: 'storage', ok: false, cause: 'AccessDenied' }]);
});
