import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { appendPeerAddresses } from './peer-address';

it('a browser that names another address for itself is still seen with its own, last', async () => {
  appendPeerAddresses();
  const server = createServer((request, response) => response.end(String(request.headers['x-forwarded-for'])));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const seen = async (headers: Record<string, string>) => (await fetch(url, { headers })).text();
  expect(await seen({})).toBe('127.0.0.1');
  expect(await seen({ 'x-forwarded-for': '203.0.113.9' })).toBe('203.0.113.9, 127.0.0.1');
  server.close();
});
