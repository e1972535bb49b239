/** Whoever sends forged events is not read any more; whoever signs what they send is never held back. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { ticketToken } from '@pixgen/core';
import { newId } from '@pixgen/domain';
import { afterEach, expect, it } from 'vitest';
import { PUBLIC_KEY_PEM, startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
afterEach(() => api.close());

const from = (address: string) => ({ 'x-forwarded-for': address });
const forge = (address: string) =>
  api.post(`/webhooks/gpu/${newId()}/1/1`, { type: 'done' }, { ...from(address), 'webhook-signature': 'v1,AAAA' });

it('after so many refused events an address is answered 429 before its body is read, and others are not touched', async () => {
  api = await startTestApi({ FORGERIES_PER_MINUTE_PER_ADDRESS: '6', TRUSTED_PROXIES: '127.0.0.1' });
  const statuses = [];
  for (let count = 0; count < 9; count += 1) statuses.push((await forge('203.0.113.7')).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429, 429]);
  const refused = await api.post('/gpu/claim', {}, from('203.0.113.7'));
  expect([refused.status, await refused.json()]).toEqual([
    429,
    { error: expect.objectContaining({ code: 'RATE_LIMITED' }) },
  ]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  // Announced and never sent: the answer does not wait for it.
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.write(
    'POST /gpu/uploads HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.7\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n{',
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 429 /);
  socket.destroy();
  expect((await forge('203.0.113.8')).status).toBe(401);
});

it('counts the network of an IPv6 address, of which one household has more addresses than anybody can count', async () => {
  api = await startTestApi({ FORGERIES_PER_MINUTE_PER_ADDRESS: '3', TRUSTED_PROXIES: '127.0.0.1' });
  for (const host of [1, 2, 3]) expect((await forge(`2001:db8:0:7::${host}`)).status).toBe(401);
  expect((await forge('2001:db8:0:7::4')).status).toBe(429);
  expect((await forge('2001:db8:0:8::1')).status).toBe(401);
});

it('GPUs that sign what they send are never held back, however late or often it comes', async () => {
  api = await startTestApi({ FORGERIES_PER_MINUTE_PER_ADDRESS: '3' });
  const jobId = newId();
  const claim = { jobId, attempt: 1, token: ticketToken(api.services.env.TICKET_KEY, jobId, 1), callId: 'call' };
  const answers = await Promise.all(Array.from({ length: 40 }, () => api.post('/gpu/claim', claim)));
  // The job is over, or never was: an answer, and no refusal that counts.
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([410]));
});

it('holds for Clerk’s webhook too', async () => {
  const clerk = {
    AUTH_MODE: 'clerk',
    CLERK_JWT_KEY: PUBLIC_KEY_PEM,
    CLERK_ISSUER: 'https://clerk.studio.example',
    CLERK_PUBLISHABLE_KEY: 'pk_test_abc',
    CLERK_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 'k').toString('base64')}`,
    FORGERIES_PER_MINUTE_PER_ADDRESS: '2',
  };
  api = await startTestApi(clerk);
  const send = async () => (await api.post('/webhooks/clerk', { type: 'user.deleted', data: { id: 'user_1' } })).status;
  expect([await send(), await send(), await send()]).toEqual([401, 401, 429]);
});
