import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { verifySignature } from './webhook-signature.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const at = new Date('2026-11-22T12:00:00Z');
const NOW = at.getTime();

function signed(body: string, options: { id?: string; secret?: string; at?: Date } = {}) {
  const id = options.id ?? 'msg_1';
  const time = options.at ?? at;
  const signature = new Webhook(options.secret ?? secret).sign(id, time, body);
  return { id, timestamp: String(time.getTime() / 1000), signature, rawBody: Buffer.from(body) };
}

describe('verifySignature', () => {
  it('accepts whatever the published library signs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (body) => {
        expect(verifySignature(secret, signed(body.toWellFormed()), NOW)).toBe('msg_1');
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  it('refuses every body, id or signature in which one bit was changed', () => {
    const message = signed('{"type":"succeeded"}');
    fc.assert(
      fc.property(fc.nat(message.rawBody.length * 8 - 1), (bit) => {
        const rawBody = Buffer.from(message.rawBody);
        rawBody[bit >> 3] = (rawBody[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verifySignature(secret, { ...message, rawBody }, NOW)).toBeNull();
      }),
      { seed: 20261122, numRuns: 160 },
    );
    expect(verifySignature(secret, { ...message, id: 'msg_2' }, NOW)).toBeNull();
    expect(verifySignature(`whsec_${randomBytes(32).toString('base64')}`, message, NOW)).toBeNull();
    expect(
      verifySignature(secret, { ...message, signature: message.signature.replace('v1,', 'v1,A') }, NOW),
    ).toBeNull();
  });

  it.each([
    ['6 minutes old', -6],
    ['6 minutes ahead', 6],
  ])('refuses a message %s, however well signed', (_, minutes) => {
    expect(verifySignature(secret, signed('{}', { at: new Date(NOW + minutes * 60_000) }), NOW)).toBeNull();
  });

  it.each(['', '123abc', '17000000001', '-170000000', '1e9'])('refuses the timestamp %j', (timestamp) => {
    expect(verifySignature(secret, { ...signed('{}'), timestamp }, NOW)).toBeNull();
  });

  it('accepts the new secret beside the old one, and at most five signatures', () => {
    const message = signed('{}');
    const others = (count: number) =>
      Array.from({ length: count }, () => `v1,${randomBytes(32).toString('base64')}`).join(' ');
    expect(verifySignature(secret, { ...message, signature: `${others(4)} ${message.signature}` }, NOW)).toBe('msg_1');
    expect(verifySignature(secret, { ...message, signature: `${others(5)} ${message.signature}` }, NOW)).toBeNull();
  });

  it('never verifies with an empty secret', () => {
    expect(verifySignature('whsec_', signed('{}'), NOW)).toBeNull();
  });
});
