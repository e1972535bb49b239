import { createHash, randomUUID } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, describe, expect, it } from 'vitest';
import { createPresigner } from './presign.ts';
import { createStorage, ObjectTooLargeError } from './storage.ts';
import { testStorageOptions } from './testing.ts';

const options = testStorageOptions();
const storage = createStorage(options);
const body = Buffer.from('a small object');
const sha256 = createHash('sha256').update(body).digest('base64');
const newKey = () => `t/${randomUUID()}`;
const target = (key: string) => ({ key, contentType: 'image/png', sizeBytes: body.length, expiresInMs: 60_000 });
const put = (signed: { url: string; headers: Record<string, string> }, bytes: Buffer, headers = {}) =>
  fetch(signed.url, { method: 'PUT', headers: { ...signed.headers, ...headers }, body: new Uint8Array(bytes) });

afterAll(() => storage.close());

describe('signed uploads', () => {
  it('are stored with their type, and HEAD tells length, type and digest', async () => {
    const key = newKey();
    expect((await put(storage.presignPut({ ...target(key), sha256 }), body)).status).toBe(200);
    expect(await storage.head(key)).toEqual({ sizeBytes: body.length, contentType: 'image/png', sha256 });
    expect(await storage.read(key, 100)).toEqual(body);
  });

  it('are refused with another length, another type or another digest, and leave nothing behind', async () => {
    const key = newKey();
    const signed = storage.presignPut({ ...target(key), sha256 });
    expect((await put(signed, Buffer.concat([body, body]))).status).toBe(403);
    expect((await put(signed, body, { 'content-type': 'text/html' })).status).toBe(403);
    expect((await put(signed, Buffer.alloc(body.length, 'x'))).status).toBe(400);
    const other = createHash('sha256').update('other').digest('base64');
    expect((await put(signed, body, { 'x-amz-checksum-sha256': other })).status).toBe(403);
    expect(await storage.head(key)).toBeNull();
  });

  it('are refused for another key', async () => {
    const signed = storage.presignPut(target(newKey()));
    const moved = { ...signed, url: signed.url.replace('/t/', '/u/') };
    expect((await put(moved, body)).status).toBe(403);
  });

  it('with onlyIfAbsent never replace what is there', async () => {
    const key = newKey();
    const signed = storage.presignPut({ ...target(key), onlyIfAbsent: true });
    expect((await put(signed, body)).status).toBe(200);
    expect((await put(signed, body)).status).toBe(412);
  });
});

describe('a store that leads elsewhere', () => {
  it.each([301, 302, 307, 308])('is not followed there with what is read or written (%d)', async (status) => {
    const asked: string[] = [];
    const listen = async (answer: RequestListener) => {
      const server = createServer(answer);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    };
    const elsewhere = await listen((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end('somebody else’s');
    });
    const store = await listen((request, response) => {
      request.resume();
      response.writeHead(status, { location: `${elsewhere.url}${request.url}` }).end();
    });
    const misled = createStorage({ ...options, endpoint: store.url });
    const calls = [misled.head('t/a'), misled.read('t/a', 100), misled.write('t/a', body, 'image/png')];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(asked).toEqual([]);
    misled.close();
    for (const { server } of [elsewhere, store]) server.closeAllConnections();
    for (const { server } of [elsewhere, store]) server.close();
  });
});

describe('signed downloads', () => {
  it('serve the object as an attachment under the given name', async () => {
    const key = newKey();
    await storage.write(key, body, 'image/png');
    const { url } = storage.presignGet({ key, expiresInMs: 60_000, downloadName: 'Zoë (1).png' });
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toContain('attachment');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(body);
  });

  it('carry the signature that the SDK computes, also for a key with odd characters', async () => {
    const at = new Date('2026-11-22T10:00:00Z');
    const key = 'o/user/name with (odd) chars é.png';
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = options;
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    const command = new GetObjectCommand({ Bucket: bucket, Key: key });
    const theirs = new URL(await getSignedUrl(client, command, { expiresIn: 60, signingDate: at }));
    // The SDK signs parameters of its own besides those of the protocol; the same go into ours.
    const query = Object.fromEntries([...theirs.searchParams].filter(([name]) => name.startsWith('x-')));
    const request = {
      origin: new URL(endpoint),
      path: `/${bucket}/${key}`,
      headers: {},
      query,
      expiresInMs: 60_000,
      at,
    };
    const ours = new URL(createPresigner(options)({ method: 'GET', ...request }));
    expect(ours.searchParams.get('X-Amz-Signature')).toBe(theirs.searchParams.get('X-Amz-Signature'));
  });
});

describe('objects', () => {
  it('are listed by prefix, copied and removed; absent ones read as null', async () => {
    const prefix = `${newKey()}/`;
    await storage.write(`${prefix}a`, body, 'text/plain');
    await storage.copy(`${prefix}a`, `${prefix}b`);
    const listed = [];
    for await (const object of storage.list(prefix)) listed.push([object.key, object.sizeBytes]);
    expect(listed).toEqual([
      [`${prefix}a`, body.length],
      [`${prefix}b`, body.length],
    ]);
    await storage.remove([`${prefix}a`, `${prefix}b`, `${prefix}never`]);
    expect(await storage.head(`${prefix}a`)).toBeNull();
    expect(await storage.read(`${prefix}b`, 100)).toBeNull();
  });

  it('larger than the reader allows are refused before they are read', async () => {
    const key = newKey();
    await storage.write(key, body, 'text/plain');
    await expect(storage.read(key, body.length - 1)).rejects.toBeInstanceOf(ObjectTooLargeError);
  });

  it('of a store that does not answer end as UNAVAILABLE, not as a hang or a vendor error', async () => {
    const dead = createStorage({ ...options, endpoint: 'http://127.0.0.1:9' });
    for (const call of [() => dead.head('x'), () => dead.read('x', 1), () => dead.ping(), () => dead.remove(['x'])]) {
      await expect(call()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    dead.close();
  });
});
