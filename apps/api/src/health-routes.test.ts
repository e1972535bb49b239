import { afterEach, expect, it, vi } from 'vitest';
import { startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
afterEach(() => api.close());

it('/readyz asks the stores once a second, however many ask it, and then sees what has changed', async () => {
  api = await startTestApi();
  const { live } = api.services.deps;
  const ask = async () => (await fetch(`${api.url}/readyz`)).status;
  await expect.poll(ask).toBe(200);
  const ping = vi.spyOn(live, 'ping');
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: 200 }, ask));
  const seconds = Math.ceil((performance.now() - startedAt) / 1_000);
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(ping.mock.calls.length).toBeLessThanOrEqual(seconds + 1);
  ping.mockRejectedValue(new Error('Redis is away'));
  await expect.poll(ask).toBe(503);
  ping.mockRestore();
  await expect.poll(ask).toBe(200);
});
