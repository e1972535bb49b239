import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES, verifySignature } from './webhook-signature.ts';
import vectors from './webhook-vectors.json' with { type: 'json' };

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const at = new Date('2026-11-22T12:00:00Z');
const NOW = at.getTime();

function signed(body: string, options: { id?: string; secret?: string; at?: Date } = {}) {
  const id = options.id ?? 'msg_1';
  const time = options.at ?? at;
  const signature = new Webhook(options.secret ?? secret).sign(id, time, body);
  return { id, timestamp: String(time.getTime() / 1000), signature, rawBody: Buffer.from(body) };
}

/** Signed as it stands, whatever it is; the published library signs well-formed messages only. */
function signedAnyhow(id: string | undefined, timestamp: string | undefined, body = '{}') {
  const hmac = createHmac('sha256', Buffer.alloc(32, 7)).update(`${id}.${timestamp}.${body}`);
  return { id, timestamp, signature: `v1,${hmac.digest('base64')}`, rawBody: Buffer.from(body) };
}

describe('verifySignature', () => {
  it('accepts whatever the published library signs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (body) => {
        expect(verifySignature([secret], signed(body.toWellFormed()), NOW)).toBe('msg_1');
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  // Written by `pnpm fuzz vectors --write`, which also has Python verify what TypeScript and openssl sign.
  it.each(vectors)('accepts what TypeScript, Python and openssl have signed: $id', (vector) => {
    const { secret: key, id, timestamp, body, signatures } = vector;
    for (const signature of Object.values(signatures)) {
      const message = { id, timestamp: String(timestamp), signature, rawBody: Buffer.from(body, 'base64') };
      expect(verifySignature([key], message, timestamp * 1000)).toBe(id);
      expect(verifySignature([key], { ...message, id: 'msg_other' }, timestamp * 1000)).toBeNull();
    }
    expect(Object.keys(signatures).toSorted()).toEqual(['openssl', 'python', 'standardwebhooks', 'typescript']);
  });

  it('refuses every body, id or signature in which one bit was changed', () => {
    const message = signed('{"type":"succeeded"}');
    fc.assert(
      fc.property(fc.nat(message.rawBody.length * 8 - 1), (bit) => {
        const rawBody = Buffer.from(message.rawBody);
        rawBody[bit >> 3] = (rawBody[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(verifySignature([secret], { ...message, rawBody }, NOW)).toBeNull();
      }),
      { seed: 20261122, numRuns: 160 },
    );
    expect(verifySignature([secret], { ...message, id: 'msg_2' }, NOW)).toBeNull();
    expect(verifySignature([`whsec_${randomBytes(32).toString('base64')}`], message, NOW)).toBeNull();
    expect(
      verifySignature([secret], { ...message, signature: message.signature.replace('v1,', 'v1,A') }, NOW),
    ).toBeNull();
  });

  it.each([
    ['6 minutes old', -6],
    ['6 minutes ahead', 6],
  ])('refuses a message %s, however well signed', (_, minutes) => {
    expect(verifySignature([secret], signed('{}', { at: new Date(NOW + minutes * 60_000) }), NOW)).toBeNull();
  });

  it('accepts a message that is five minutes off, and none that is a millisecond more', () => {
    for (const offBy of [300_000, -300_000]) expect(verifySignature([secret], signed('{}'), NOW + offBy)).toBe('msg_1');
    for (const offBy of [300_001, -300_001]) expect(verifySignature([secret], signed('{}'), NOW + offBy)).toBeNull();
  });

  const seconds = String(NOW / 1000);
  it.each(['', '123abc', '17000000001', '-170000000', '1e9', `x${seconds}`, `${seconds}x`, ` ${seconds}`])(
    'refuses the timestamp %j, however well signed',
    (timestamp) => {
      expect(verifySignature([secret], signedAnyhow('msg_1', timestamp), NOW)).toBeNull();
    },
  );

  it('refuses a message without id, timestamp or signature', () => {
    expect(verifySignature([secret], signedAnyhow('msg_1', seconds), NOW)).toBe('msg_1');
    expect(verifySignature([secret], signedAnyhow(undefined, seconds), NOW)).toBeNull();
    expect(verifySignature([secret], signedAnyhow('msg_1', undefined), NOW)).toBeNull();
    expect(verifySignature([secret], { ...signed('{}'), signature: undefined }, NOW)).toBeNull();
  });

  it('accepts either of two live secrets, and neither of them once it is retired', () => {
    const next = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    for (const current of [secret, next]) {
      const message = signed('{}', { secret: current });
      expect(verifySignature([secret, next], message, NOW)).toBe('msg_1');
      expect(verifySignature([next, secret], message, NOW)).toBe('msg_1');
    }
    expect(verifySignature([next], signed('{}'), NOW)).toBeNull();
  });

  it('finds the right one among at most five signatures', () => {
    const message = signed('{}');
    const others = (count: number) =>
      Array.from({ length: count }, () => `v1,${randomBytes(32).toString('base64')}`).join(' ');
    expect(verifySignature([secret], { ...message, signature: `${others(4)} ${message.signature}` }, NOW)).toBe(
      'msg_1',
    );
    expect(verifySignature([secret], { ...message, signature: `${others(5)} ${message.signature}` }, NOW)).toBeNull();
    const long = `v2,${'A'.repeat(700)} ${message.signature}`;
    expect(verifySignature([secret], { ...message, signature: long }, NOW)).toBeNull();
  });

  // A sender may sign with a scheme of the future beside ours.
  it('passes over signatures of other schemes of a bounded length', () => {
    const message = signed('{}');
    const beside = (other: string) =>
      [`${other} ${message.signature}`, `${message.signature} ${other}`].map((signature) =>
        verifySignature([secret], { ...message, signature }, NOW),
      );
    expect(beside('v2,A')).toEqual(['msg_1', 'msg_1']);
    expect(beside(`v12345678,${'A'.repeat(200)}`)).toEqual(['msg_1', 'msg_1']);
    expect(beside('v123456789,A')).toEqual([null, null]);
    expect(beside(`v2,${'A'.repeat(201)}`)).toEqual([null, null]);
  });

  // Many texts decode to the same bytes. Accepting them would let one signature be written in many ways.
  it.each([
    ['another scheme', (right: string) => right.replace('v1,', 'v2,')],
    ['the scheme in capitals', (right: string) => right.replace('v1,', 'V1,')],
    ['no scheme', (right: string) => right.slice(3)],
    ['no padding', (right: string) => right.replace('=', '')],
    ['letters after the padding', (right: string) => `${right}AAAA`],
    ['the letters of URLs', (right: string) => right.replace('+', '-').replace('/', '_')],
    ['unused bits of the last letter', (right: string) => right.replace(/.=$/, (end) => `${nextLetter(end)}=`)],
    ['a comma after it, as two headers are joined', (right: string) => `${right}, ${right}`],
    ['two spaces before another', (right: string) => `${right}  ${right}`],
    ['hex', (right: string) => `v1,${Buffer.from(right.slice(3), 'base64').toString('hex')}`],
  ])('refuses the right signature written with %s', (_, write) => {
    const message = signed('{"a":"b"}');
    expect(message.signature).toMatch(/[+]/);
    expect(message.signature).toMatch(/[/]/);
    expect(verifySignature([secret], message, NOW)).toBe('msg_1');
    expect(verifySignature([secret], { ...message, signature: write(message.signature) }, NOW)).toBeNull();
  });

  it('cannot be made to read a part of a signed body as id and timestamp', () => {
    const seconds = NOW / 1000;
    const inner = '{"type":"succeeded"}';
    const { signature } = signed(`{"note":".${seconds}.${inner}`);
    const id = `msg_1.${seconds}.{"note":"`;
    const cut = { id, timestamp: String(seconds), signature, rawBody: Buffer.from(inner) };
    expect(verifySignature([secret], cut, NOW)).toBeNull();
  });

  it.each(['m', 'x'.repeat(200)])('accepts the id %j', (id) => {
    expect(verifySignature([secret], signed('{}', { id }), NOW)).toBe(id);
  });

  it.each(['', 'msg 1', 'msg_1, msg_1', 'msg_é', `m${'x'.repeat(200)}`])('refuses the id %j', (id) => {
    expect(verifySignature([secret], signed('{}', { id }), NOW)).toBeNull();
  });

  it('never hashes a body of more than 256 kB', () => {
    const body = (length: number) => signed('x'.repeat(length));
    expect(MAX_BODY_BYTES).toBe(262_144);
    expect(verifySignature([secret], body(MAX_BODY_BYTES), NOW)).toBe('msg_1');
    expect(verifySignature([secret], body(MAX_BODY_BYTES + 1), NOW)).toBeNull();
  });

  it('never verifies with an empty secret', () => {
    const signature = `v1,${createHmac('sha256', '')
      .update(`msg_1.${NOW / 1000}.{}`)
      .digest('base64')}`;
    expect(verifySignature(['whsec_'], { ...signed('{}'), signature }, NOW)).toBeNull();
    expect(verifySignature([], signed('{}'), NOW)).toBeNull();
  });
});

function nextLetter(end: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return letters[letters.indexOf(end[0] ?? '') + 1] ?? '';
}
