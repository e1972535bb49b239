/** An object store that falls silent in the middle of an answer: no call of ours waits for it for ever. */
import { randomBytes } from 'node:crypto';
import { createStorage, type Storage } from '@pixgen/storage';
import { createTestStorage, testStorageOptions } from '@pixgen/storage/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../chaos/tcp-proxy.ts';

const IDLE_MS = 500;
const key = `t/${randomBytes(8).toString('hex')}`;
const bytes = randomBytes(2 * 1024 * 1024);

let proxy: TcpProxy;
let storage: Storage;
beforeEach(async () => {
  const direct = createTestStorage();
  await direct.write(key, bytes, 'application/octet-stream');
  direct.close();
  const options = testStorageOptions();
  const endpoint = new URL(options.endpoint);
  proxy = await startTcpProxy({ port: Number(endpoint.port) });
  endpoint.port = String(proxy.port);
  storage = createStorage({ ...options, endpoint: endpoint.href, idleTimeoutMs: IDLE_MS });
});
afterEach(async () => {
  storage.close();
  proxy.setFault(null);
  await proxy.close();
});

it('gives a read up whose bytes stop coming after the head of the answer', { timeout: 30_000 }, async () => {
  proxy.setFault({ kind: 'bandwidth', bytesPerSecond: 500_000 });
  const reading = storage.read(key, bytes.length).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 600));
  proxy.setFault({ kind: 'black-hole' });
  expect(await reading).toMatchObject({ code: 'UNAVAILABLE' });
});

it('lets a stream fail whose bytes stop coming', { timeout: 30_000 }, async () => {
  proxy.setFault({ kind: 'bandwidth', bytesPerSecond: 500_000 });
  const stream = await storage.readStream(key);
  let seen = 0;
  const end = (async () => {
    for await (const chunk of stream ?? []) {
      seen += (chunk as Buffer).length;
      proxy.setFault({ kind: 'black-hole' });
    }
  })();
  await expect(end).rejects.toThrow();
  expect(seen).toBeGreaterThan(0);
});

it('reads what comes slowly, as long as something comes', { timeout: 30_000 }, async () => {
  proxy.setFault({ kind: 'bandwidth', bytesPerSecond: 500_000 });
  expect(await storage.read(key, bytes.length)).toEqual(bytes);
});
