/** Standard Webhooks 1.0, the sender's side: `v1,base64(HMAC-SHA256(id.timestamp.body))` over the raw bytes. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** @param secret `whsec_` + base64 */
export function signingKey(secret: string): KeyObject {
  return createSecretKey(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
}

/** @param timestampS Unix time in seconds, as a number or as whatever text a test wants to send */
export function signedHeaders(
  key: KeyObject,
  webhookId: string,
  timestampS: number | string,
  body: string | Buffer,
): Record<'content-type' | 'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const signature = createHmac('sha256', key).update(`${webhookId}.${timestampS}.`).update(body).digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': webhookId,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': `v1,${signature}`,
  };
}
