// What PixGen relies on in an S3 store, against the embedded one. With S3_ENDPOINT (and the other S3_* variables) set, the same
// checks run against that store instead: the way to find out whether a store of your own serves.
import { createHash, randomUUID } from 'node:crypto';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from './stack.ts';

const ORIGIN = 'http://localhost:3000';
const body = Buffer.alloc(300_000, 'x');
const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('base64');

let stack: Stack<'s3'> | undefined;
let client: S3Client;
let bucket: string;
let endpoint: string;

beforeAll(async () => {
  if (!process.env.S3_ENDPOINT) stack = await startStack({ services: ['s3'], corsOrigins: [ORIGIN] });
  const env: Record<string, string | undefined> = stack?.env ?? process.env;
  endpoint = env.S3_ENDPOINT ?? '';
  bucket = env.S3_BUCKET ?? '';
  client = new S3Client({
    endpoint,
    region: env.S3_REGION ?? 'us-east-1',
    forcePathStyle: true,
    // By default the SDK signs the CRC32 of an empty body into presigned PUTs, and every upload is refused.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: env.S3_ACCESS_KEY_ID ?? '', secretAccessKey: env.S3_SECRET_ACCESS_KEY ?? '' },
  });
}, 60_000);
afterAll(() => stack?.stop());

const newKey = () => `checks/${randomUUID()}`;
const put = (input: Omit<PutObjectCommandInput, 'Bucket'>) =>
  client.send(new PutObjectCommand({ Bucket: bucket, ...input }));
const head = (key: string) => client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }));
const get = (key: string, range?: string) =>
  client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }));

describe('a presigned upload', () => {
  const signed = ['host', 'content-type', 'content-length', 'if-none-match', 'x-amz-checksum-sha256'];
  const headers = { 'content-type': 'image/png', 'if-none-match': '*', 'x-amz-checksum-sha256': sha256(body) };

  async function uploadUrl(key: string): Promise<string> {
    const length = { ContentType: 'image/png', ContentLength: body.length };
    const once = { ChecksumSHA256: sha256(body), IfNoneMatch: '*' };
    return await getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: key, ...length, ...once }), {
      expiresIn: 60,
      signableHeaders: new Set(signed),
      unhoistableHeaders: new Set(signed),
    });
  }
  const upload = (url: string, data: Buffer, more: Record<string, string> = {}) =>
    fetch(url, { method: 'PUT', body: new Uint8Array(data), headers: { ...headers, ...more } });

  it('is stored with its type, length and SHA-256, which HEAD returns', async () => {
    const key = newKey();
    expect((await upload(await uploadUrl(key), body)).status).toBe(200);
    expect(await head(key)).toMatchObject({
      ContentLength: body.length,
      ContentType: 'image/png',
      ChecksumSHA256: sha256(body),
    });
  });

  it('is refused with another length, and nothing is stored', async () => {
    const key = newKey();
    expect((await upload(await uploadUrl(key), body.subarray(1))).status).toBe(403);
    await expect(head(key)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  it('is refused with other bytes of the same length, and nothing is stored', async () => {
    const key = newKey();
    expect((await upload(await uploadUrl(key), Buffer.alloc(body.length, 'y'))).status).toBe(400);
    await expect(head(key)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  it.each([
    ['another type', { 'content-type': 'text/html' }],
    ['another checksum', { 'x-amz-checksum-sha256': sha256('other') }],
    ['the permission to overwrite', { 'if-none-match': '"some-tag"' }],
  ])('is refused with %s', async (_what, more) => {
    expect((await upload(await uploadUrl(newKey()), body, more)).status).toBe(403);
  });

  it('is refused for another key', async () => {
    const url = new URL(await uploadUrl(newKey()));
    url.pathname += '-other';
    expect((await upload(url.href, body)).status).toBe(403);
  });

  it('is refused a second time, so that what was checked is never replaced', async () => {
    const key = newKey();
    const url = await uploadUrl(key);
    expect((await upload(url, body)).status).toBe(200);
    expect((await upload(url, body)).status).toBe(412);
  });

  it('has one winner when the same is uploaded twice at once', async () => {
    const url = await uploadUrl(newKey());
    const statuses = await Promise.all([upload(url, body), upload(url, body), upload(url, body)]);
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});

describe('a presigned download', () => {
  const downloadUrl = (key: string, expiresIn = 60, signingDate = new Date()) =>
    getSignedUrl(
      client,
      new GetObjectCommand({ Bucket: bucket, Key: key, ResponseContentDisposition: 'attachment; filename="x.png"' }),
      {
        expiresIn,
        signingDate,
      },
    );

  it('gives the bytes, ranges of them, and the name to save under', async () => {
    const key = newKey();
    await put({ Key: key, Body: body });
    const answer = await fetch(await downloadUrl(key), { headers: { range: 'bytes=0-4' } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-disposition')).toContain('x.png');
    expect((await answer.arrayBuffer()).byteLength).toBe(5);
  });

  it('is refused for another key and after its time', async () => {
    const [key, other] = [newKey(), newKey()];
    await Promise.all([put({ Key: key, Body: body }), put({ Key: other, Body: body })]);
    const tampered = (await downloadUrl(key)).replace(key, other);
    const expired = await downloadUrl(key, 1, new Date(Date.now() - 60_000));
    expect((await fetch(tampered)).status).toBe(403);
    expect((await fetch(expired)).status).toBe(403);
  });
});

describe('a page', () => {
  const preflight = (origin: string) =>
    fetch(`${endpoint}/${bucket}/checks/x`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type,if-none-match,x-amz-checksum-sha256',
      },
    });

  it('of ours may upload from the browser', async () => {
    const answer = await preflight(ORIGIN);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(answer.headers.get('access-control-allow-headers')).toContain('x-amz-checksum-sha256');
  });

  it('of a stranger may not', async () => {
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the server side', () => {
  it('reads back what it wrote, whole and in ranges, and is told of a range past the end', async () => {
    const key = newKey();
    await put({
      Key: key,
      Body: body,
      ContentType: 'image/png',
      Metadata: { owner: 'u1' },
      CacheControl: 'private, max-age=1',
    });
    const whole = await get(key);
    expect(Buffer.from((await whole.Body?.transformToByteArray()) ?? [])).toEqual(body);
    expect(whole).toMatchObject({
      ContentType: 'image/png',
      Metadata: { owner: 'u1' },
      CacheControl: 'private, max-age=1',
    });
    expect((await get(key, 'bytes=10-19')).ContentLength).toBe(10);
    expect((await get(key, 'bytes=-7')).ContentLength).toBe(7);
    await expect(get(key, 'bytes=900000-')).rejects.toMatchObject({ $metadata: { httpStatusCode: 416 } });
  });

  it('copies, lists by prefix and deletes in one call', async () => {
    const folder = newKey();
    await put({ Key: `${folder}/a`, Body: 'a', ChecksumAlgorithm: 'SHA256' });
    await client.send(
      new CopyObjectCommand({ Bucket: bucket, Key: `${folder}/b`, CopySource: `${bucket}/${folder}/a` }),
    );
    const list = async () => {
      const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${folder}/` }));
      return (Contents ?? []).map(({ Key }) => Key);
    };
    expect(await list()).toEqual([`${folder}/a`, `${folder}/b`]);
    const Objects = (await list()).map((Key) => ({ Key }));
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    expect(await list()).toEqual([]);
  });

  it('is told when an object is not there', async () => {
    await expect(head(newKey())).rejects.toMatchObject({ name: 'NotFound', $metadata: { httpStatusCode: 404 } });
  });
});

it('shuts strangers on this machine out of the inner servers', async ({ skip }) => {
  if (stack === undefined) return skip('a store of your own');
  const key = newKey();
  await put({ Key: key, Body: 'private' });
  const { readFileSync } = await import('node:fs');
  const ports = JSON.parse(readFileSync(stack.folder.join('ports.json'), 'utf8')) as Record<string, number>;
  const inner = `http://127.0.0.1:${ports.filer}/buckets/${bucket}/${key}`;
  for (const method of ['GET', 'PUT', 'DELETE']) expect((await fetch(inner, { method })).status).toBe(401);
});
