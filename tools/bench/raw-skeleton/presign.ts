/** Signature Version 4 in query parameters, as Amazon's S3 reference describes it. */
import { createHash, createHmac } from 'node:crypto';
import type { RawSettings } from './settings.ts';

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
let kept: { day: string; key: Buffer } | undefined;

/** @returns a URL valid for 15 minutes for exactly these headers (lower-case names) */
export function presign(
  { endpoint, region, bucket, accessKeyId, secretAccessKey }: RawSettings['s3'],
  method: 'PUT' | 'HEAD',
  key: string,
  headers: Record<string, string> = {},
): string {
  const url = new URL(`/${bucket}/${key}`, endpoint);
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;
  if (kept?.day !== day)
    kept = {
      day,
      key: [day, region, 's3', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`)),
    };
  const all: Record<string, string> = { ...headers, host: url.host };
  const names = Object.keys(all).sort();
  const query = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${accessKeyId}/${scope}`],
    ['X-Amz-Date', time],
    ['X-Amz-Expires', '900'],
    ['X-Amz-SignedHeaders', names.join(';')],
  ]
    .map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`)
    .join('&');
  const canonical = [
    method,
    url.pathname,
    query,
    ...names.map((name) => `${name}:${all[name]}`),
    '',
    names.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const signature = hmac(kept.key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`).toString('hex');
  return `${url.href}?${query}&X-Amz-Signature=${signature}`;
}
