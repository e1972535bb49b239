import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { limitSlowClients } from './server-limits';

it('a server of this process gives a request half a minute, its head half of that', async () => {
  limitSlowClients();
  const server = createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect(server.requestTimeout).toBeGreaterThan(60_000);
  await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).text();
  expect([server.requestTimeout, server.headersTimeout]).toEqual([30_000, 15_000]);
  server.close();
});
