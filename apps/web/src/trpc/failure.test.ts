import type { AppRouter } from '@pixgen/trpc/client';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { expect, it } from 'vitest';
import { failureOf, fieldError } from './failure';
import { mayRetry, retryDelayMs } from './query-client';

/** What a call fails with when the server gives this answer. */
async function failWith(status: number, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = () =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
  const link = httpBatchLink({ url: 'http://127.0.0.1/trpc', fetch: async () => answer() });
  const client = createTRPCClient<AppRouter>({ links: [link] });
  return client.account.me.query().then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

const refused = Object.assign(new Error('Add at least 5 photos.'), {
  data: { appCode: 'PHOTOS_TOO_FEW', retryable: false, fields: [{ path: 'photos', message: 'Too few.' }] },
});

it('reads our error shape', () => {
  expect(failureOf(refused)).toMatchObject({
    code: 'PHOTOS_TOO_FEW',
    message: 'Add at least 5 photos.',
    retryable: false,
  });
  expect(fieldError(refused, 'photos')).toBe('Too few.');
  expect(fieldError(refused, 'name')).toBeUndefined();
});

it('reads everything else as an unreachable server, which may be asked again', () => {
  expect(failureOf(new TypeError('Failed to fetch'))).toMatchObject({ code: 'UNREACHABLE', retryable: true });
  expect(failureOf('nonsense').code).toBe('UNREACHABLE');
});

it('reads what was refused before tRPC saw it: by a limit per address, under pressure, by the web server', async () => {
  const busy = { error: { code: 'UNAVAILABLE', message: 'More to do than it can.', fields: [] } };
  expect(failureOf(await failWith(503, busy, { 'retry-after': '2' }))).toEqual({
    code: 'UNAVAILABLE',
    message: 'More to do than it can.',
    retryable: true,
    retryAfterMs: 2_000,
    fields: [],
  });
  const limited = { error: { code: 'RATE_LIMITED', message: 'Wait 40 seconds.', fields: [] } };
  expect(failureOf(await failWith(429, limited, { 'retry-after': '40' }))).toMatchObject({
    code: 'RATE_LIMITED',
    message: 'Wait 40 seconds.',
    retryAfterMs: 40_000,
  });
  const foreign = { error: { code: 'FORBIDDEN', message: 'From another site.', fields: [] } };
  expect(failureOf(await failWith(403, foreign))).toMatchObject({ code: 'FORBIDDEN', retryable: false });
  // A proxy’s own page, and words that are none of ours.
  for (const body of ['<html>502</html>', { error: { code: 'TEAPOT', message: 'x' } }, { error: 'no' }])
    expect(failureOf(await failWith(502, body)).code).toBe('UNREACHABLE');
});

it('asks again no sooner than the answer says, and not at all when that is long', async () => {
  const body = [
    { error: { message: 'm', code: -32029, data: { appCode: 'RATE_LIMITED', retryable: true, fields: [] } } },
  ];
  const soon = await failWith(429, body, { 'retry-after': '7' });
  expect([mayRetry(0, soon), mayRetry(2, soon), retryDelayMs(0, soon), retryDelayMs(1, soon)]).toEqual([
    true,
    false,
    7_000,
    7_000,
  ]);
  expect(mayRetry(0, await failWith(429, body, { 'retry-after': '900' }))).toBe(false);
  const cutOff = new TypeError('Failed to fetch');
  expect([mayRetry(0, cutOff), retryDelayMs(0, cutOff), retryDelayMs(1, cutOff)]).toEqual([true, 1_000, 2_000]);
  expect(mayRetry(0, refused)).toBe(false);
});
