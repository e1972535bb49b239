/**
 * Forged and damaged events, by class. Each class starts from a message that the receiver would accept and makes one
 * thing wrong with it, so that a class that is accepted names the check that is missing.
 */
import { randomBytes } from 'node:crypto';
import { claimSecret } from '@pixgen/core';
import { newId } from '@pixgen/domain';
import { signedHeaders, signingKey } from '../gpu-simulator/sign.ts';
import type { HeldClaim } from './claims.ts';
import type { Message } from './http.ts';

const MAX_BODY_BYTES = 256 * 1024;

export type Random = () => number;
export type Scene = { claims: readonly HeldClaim[]; ticketKey: string; random: Random; nowS: () => number };

/** A message that is right in everything. */
export type Genuine = {
  claim: HeldClaim;
  path: string;
  event: Record<string, unknown>;
  body: Buffer;
  id: string;
  timestampS: number;
  headers: ReturnType<typeof signedHeaders>;
};

/** @param kinds one of these is drawn */
export function genuine(scene: Scene, kinds: readonly Kind[] = EVENTS): Genuine {
  const claim = pick(scene, scene.claims);
  const drawn = pick(scene, kinds)(claim, scene);
  const event = { ...drawn, ...headOf(claim) };
  const body = Buffer.from(JSON.stringify(event));
  const id = `msg_${newId()}`;
  const timestampS = scene.nowS();
  const headers = signedHeaders(signingKey(claim.order.signingSecret), id, timestampS, body);
  return { claim, path: pathOf(claim), event, body, id, timestampS, headers };
}

/** What may be sent beside the forgeries without ending the job. */
export function control(scene: Scene): Genuine {
  return genuine(scene, [scene.random() < 0.1 ? failedImage : () => ({ type: 'heartbeat', phase: 'sampling' })]);
}

export function isDurable({ event }: Genuine): boolean {
  return event.type !== 'heartbeat' && event.type !== 'progress';
}

const headOf = ({ jobId, order }: HeldClaim) => ({ jobId, attempt: order.attempt, claimEpoch: order.claimEpoch });
const pathOf = (claim: HeldClaim) => new URL(claim.order.eventsUrl).pathname;
const failedImage = (claim: HeldClaim) => ({
  type: 'image',
  imageId: claim.order.images[0]?.imageId,
  result: { status: 'failed', code: 'GPU_OUT_OF_MEMORY', safety: null },
});

type Kind = (claim: HeldClaim, scene: Scene) => Record<string, unknown>;
const EVENTS: readonly Kind[] = [
  () => ({ type: 'heartbeat', phase: 'loading' }),
  (_claim, scene) => ({
    type: 'progress',
    phase: 'sampling',
    step: int(scene, 100),
    totalSteps: 100,
    loss: scene.random(),
    imageId: null,
  }),
  failedImage,
  () => ({ type: 'failed', gpuMs: 1, code: 'GPU_INTERNAL', retryable: false }),
  (claim) => ({
    type: 'succeeded',
    gpuMs: 1,
    training: null,
    images: claim.order.images.map(({ imageId }) => ({ imageId, result: failedImage(claim).result })),
  }),
];

const sent = (message: Genuine, changes: { path?: string; headers?: object; body?: Buffer } = {}): Message => ({
  path: changes.path ?? message.path,
  headers: { ...message.headers, ...changes.headers },
  body: changes.body ?? message.body,
});

/** Signs again, so that only what `changes` says is wrong. */
function resigned(
  { claim, id, timestampS, body, path }: Genuine,
  changes: { secret?: string; id?: string; timestamp?: number | string; body?: Buffer; path?: string },
): Message {
  const key = signingKey(changes.secret ?? claim.order.signingSecret);
  const bytes = changes.body ?? body;
  const headers = signedHeaders(key, changes.id ?? id, changes.timestamp ?? timestampS, bytes);
  return { path: changes.path ?? path, headers, body: bytes };
}

function without(message: Genuine, name: keyof Genuine['headers']): Message {
  const { [name]: _dropped, ...headers } = message.headers;
  return { path: message.path, headers, body: message.body };
}

/** `cut`: the connection may end without an answer, because the server need not read on. */
export type Forgery = { cut?: true; make: (message: Genuine, scene: Scene) => Message };

export const FORGERIES: Record<string, Forgery> = {
  'one bit of the body flipped': {
    make: (m, scene) => sent(m, { body: flipped(m.body, int(scene, m.body.length * 8)) }),
  },
  'many bits of the body flipped': {
    make: (m, scene) => {
      // Odd and different: an even number of flips of one bit would undo itself.
      const bits = new Set(Array.from({ length: 2 + int(scene, 50) }, () => int(scene, m.body.length * 8)));
      return sent(m, { body: [...bits].reduce(flipped, m.body) });
    },
  },
  'one letter of a header changed': {
    make: (m, scene) => {
      const name = pick(scene, ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const);
      const at = int(scene, m.headers[name].length);
      const letter = pick(
        scene,
        [...'abcXYZ019+/=_-,. '].filter((one) => one !== m.headers[name][at]),
      );
      const value = `${m.headers[name].slice(0, at)}${letter}${m.headers[name].slice(at + 1)}`;
      // White space around a value is not a part of it.
      return sent(m, { headers: { [name]: value.trim() === m.headers[name] ? `${value.trim()}x` : value } });
    },
  },
  'body cut off': { make: (m, scene) => sent(m, { body: m.body.subarray(0, int(scene, m.body.length)) }) },
  'body made longer': {
    make: (m, scene) =>
      sent(m, { body: Buffer.concat([m.body, Buffer.from(pick(scene, [' ', '\n', '\0', '{}', ',']))]) }),
  },
  'body written anew': { make: (m, scene) => sent(m, { body: pick(scene, REWRITINGS)(m) }) },
  'body of another event under these headers': {
    make: (m, scene) =>
      sent(m, {
        body: Buffer.from(
          JSON.stringify({ ...m.event, type: 'failed', gpuMs: int(scene, 1e6), code: 'GPU_LOST', retryable: false }),
        ),
      }),
  },
  'replayed under another id': { make: (m) => sent(m, { headers: { 'webhook-id': `msg_${newId()}` } }) },
  'replayed at another time': {
    make: (m, scene) => sent(m, { headers: { 'webhook-timestamp': String(m.timestampS + 1 + int(scene, 200)) } }),
  },
  'signed too long ago': { make: (m, scene) => resigned(m, { timestamp: m.timestampS - 301 - int(scene, 1e8) }) },
  'signed too far ahead': { make: (m, scene) => resigned(m, { timestamp: m.timestampS + 310 + int(scene, 1e8) }) },
  'signed with a timestamp that is none': {
    make: (m, scene) =>
      resigned(m, {
        timestamp: pick(scene, [
          `${m.timestampS}abc`,
          `${m.timestampS}.0`,
          `+${m.timestampS}`,
          `-${m.timestampS}`,
          `0${m.timestampS}`,
          `${m.timestampS}000`,
          `${m.timestampS / 1e9}e9`,
          `0x${m.timestampS.toString(16)}`,
          new Date(m.timestampS * 1000).toISOString(),
          'NaN',
          'Infinity',
        ]),
      }),
  },
  'signed with an id that is none': {
    make: (m, scene) => resigned(m, { id: pick(scene, ['a b', 'a.b', 'm'.repeat(201), 'a,b', '{}', '../..', 'a;b']) }),
  },
  'signed with another secret': {
    make: (m) => resigned(m, { secret: `whsec_${randomBytes(32).toString('base64')}` }),
  },
  'signed with no secret': { make: (m) => resigned(m, { secret: 'whsec_' }) },
  'signed with the secret’s text instead of its bytes': {
    make: (m) => resigned(m, { secret: Buffer.from(m.claim.order.signingSecret).toString('base64') }),
  },
  'signed with the secret of another claim': {
    make: (m, scene) => {
      const { jobId, order } = m.claim;
      const other = pick(
        scene,
        scene.claims.filter((claim) => claim !== m.claim),
      );
      const secret = pick(scene, [
        other.order.signingSecret,
        claimSecret(scene.ticketKey, jobId, order.attempt, order.claimEpoch + 1),
        claimSecret(scene.ticketKey, jobId, order.attempt + 1, order.claimEpoch),
        claimSecret(`${scene.ticketKey}x`, jobId, order.attempt, order.claimEpoch),
      ]);
      return resigned(m, { secret });
    },
  },
  'sent to the address of another claim': {
    make: (m, scene) => {
      const others = scene.claims.filter((claim) => claim !== m.claim);
      return sent(m, { path: pathOf(pick(scene, others)) });
    },
  },
  'of a claim that is not there': {
    make: (m, scene) => {
      const { attempt, claimEpoch } = m.claim.order;
      const [jobId, a, e] = pick(scene, [
        [newId(), attempt, claimEpoch],
        [m.claim.jobId, attempt + 1, claimEpoch],
        [m.claim.jobId, attempt, claimEpoch + 1],
      ] as const);
      const body = Buffer.from(JSON.stringify({ ...m.event, jobId, attempt: a, claimEpoch: e }));
      return resigned(m, {
        body,
        secret: claimSecret(scene.ticketKey, jobId, a, e),
        path: `/webhooks/gpu/${jobId}/${a}/${e}`,
      });
    },
  },
  'sent to an address written in another way': {
    make: (m, scene) => {
      const { jobId } = m.claim;
      const tail = pick(scene, [
        '01/1',
        '1/01',
        '1e0/1',
        '1/0x1',
        '+1/1',
        '%31.0/1',
        '1/1.0',
        '-1/1',
        '0/1',
        '1/101',
        ' 1/1',
        '1/',
        '',
      ]);
      return sent(m, { path: `/webhooks/gpu/${jobId}/${tail.replace(' ', '%20')}` });
    },
  },
  'sent to the address of no job': {
    make: (m, scene) =>
      sent(m, {
        path: `/webhooks/gpu/${pick(scene, ['x', '%00', '%', '..%2f..', `${m.claim.jobId}%0a`, 'é', 'null'].map(encodeOnce))}/1/1`,
      }),
  },
  'signature written in another way': {
    make: (m, scene) =>
      sent(m, { headers: { 'webhook-signature': pick(scene, SPELLINGS)(m.headers['webhook-signature']) } }),
  },
  'the right signature behind five others': {
    make: (m, scene) => {
      const others = Array.from({ length: 5 + int(scene, 5) }, () => `v1,${randomBytes(32).toString('base64')}`);
      return sent(m, { headers: { 'webhook-signature': [...others, m.headers['webhook-signature']].join(' ') } });
    },
  },
  'a header missing': {
    make: (m, scene) => without(m, pick(scene, ['webhook-id', 'webhook-timestamp', 'webhook-signature'])),
  },
  'a header empty': {
    make: (m, scene) =>
      sent(m, { headers: { [pick(scene, ['webhook-id', 'webhook-timestamp', 'webhook-signature'])]: '' } }),
  },
  'a header twice': {
    make: (m, scene) => {
      const name = pick(scene, ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const);
      return sent(m, { headers: { [name]: [m.headers[name], m.headers[name]] } });
    },
  },
  'a header too large': {
    cut: true,
    make: (m, scene) =>
      sent(m, {
        headers: {
          'webhook-signature': `${m.headers['webhook-signature']} v2,${'A'.repeat(1000 + int(scene, 60_000))}`,
        },
      }),
  },
  'a thousand headers': {
    cut: true,
    make: (m) =>
      sent(m, {
        headers: Object.fromEntries(
          Array.from({ length: 1_000 }, (_, index) => [`x-filler-${index}`, 'filler-filler']),
        ),
      }),
  },
  'body of more than 256 kB, signed': {
    cut: true,
    make: (m, scene) => {
      const padding = ' '.repeat(MAX_BODY_BYTES - m.body.length + 1 + int(scene, 300_000));
      return resigned(m, { body: Buffer.concat([m.body, Buffer.from(padding)]) });
    },
  },
  'more than 256 kB in chunks without an end': {
    cut: true,
    make: (m, scene) => {
      const chunk = Buffer.alloc(1 + int(scene, 65_536), 'x');
      const framed = Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
      const chunks = Math.ceil((MAX_BODY_BYTES * 1.2) / chunk.length);
      const head = headOfRequest(m, ['transfer-encoding: chunked']);
      return { raw: Buffer.concat([head, ...Array.from({ length: Math.min(chunks, 400) }, () => framed)]) };
    },
  },
  'a connection that ends in the middle of the body': {
    cut: true,
    make: (m, scene) => ({
      raw: Buffer.concat([
        headOfRequest(m, [`content-length: ${m.body.length}`]),
        m.body.subarray(0, int(scene, m.body.length)),
      ]),
    }),
  },
  'two lengths in one request': {
    cut: true,
    make: (m) => ({
      raw: Buffer.concat([
        headOfRequest(m, [`content-length: ${m.body.length}`, 'transfer-encoding: chunked']),
        m.body,
      ]),
    }),
  },
  'no HTTP at all': { cut: true, make: (_m, scene) => ({ raw: randomBytes(1 + int(scene, 2_000)) }) },
  'no body': { make: (m) => sent(m, { body: Buffer.alloc(0) }) },
  'not sent as JSON': {
    make: (m, scene) =>
      sent(m, {
        headers: {
          'content-type': pick(scene, [
            'text/plain',
            'application/xml',
            'application/x-www-form-urlencoded',
            'json',
            '',
            'a/b; \u00e9',
          ]),
        },
      }),
  },
  'random bytes, signed': { make: (m, scene) => resigned(m, { body: randomBytes(1 + int(scene, 4_000)) }) },
  'JSON of great depth, signed': {
    make: (m, scene) => {
      const depth = 1_000 + int(scene, 60_000);
      return resigned(m, { body: Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`) });
    },
  },
  'not of the protocol, signed': {
    make: (m, scene) => resigned(m, { body: Buffer.from(JSON.stringify(pick(scene, STRANGERS)(m))) }),
  },
  'of another claim inside, signed': {
    make: (m, scene) => {
      const event = { ...m.event, ...pick(scene, [{ jobId: newId() }, { attempt: 2 }, { claimEpoch: 99 }]) };
      return resigned(m, { body: Buffer.from(JSON.stringify(event)) });
    },
  },
};

const REWRITINGS: readonly ((m: Genuine) => Buffer)[] = [
  (m) => Buffer.from(JSON.stringify(m.event, null, 2)),
  (m) => Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(m.event).toReversed()))),
  (m) => Buffer.from(JSON.stringify({ ...m.event, extra: undefined, more: null })),
  (m) => Buffer.from(JSON.stringify(m.event).replace('"type"', '"\\u0074ype"')),
  (m) => Buffer.from(JSON.stringify(m.event).replaceAll(':', ': ')),
  (m) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), m.body]),
  (m) => Buffer.from(m.body.toString(), 'utf16le'),
  (m) => Buffer.from(m.body.toString('base64')),
];

/** The same bytes in other letters: lenient decoders take them for the signature. */
const SPELLINGS: readonly ((right: string) => string)[] = [
  (right) => right.replace('v1,', 'v2,'),
  (right) => right.replace('v1,', 'v1a,'),
  (right) => right.replace('v1,', 'V1,'),
  (right) => right.replace('v1,', 'v1='),
  (right) => right.slice(3),
  (right) => right.replace('=', ''),
  (right) => `${right}=`,
  (right) => `${right}AAAA`,
  (right) => `${right},`,
  (right) => `v1,${Buffer.from(right.slice(3), 'base64').toString('hex')}`,
  (right) => `v1,${Buffer.from(right).toString('base64')}`,
  (right) => `"${right}"`,
  (right) => right.replace(/.$/, ''),
  () => 'v1,',
  () => 'v1',
  () => ' ',
  () => `v1,${Buffer.alloc(32).toString('base64')}`,
];

const STRANGERS: readonly ((m: Genuine) => unknown)[] = [
  () => null,
  () => [],
  () => 'succeeded',
  () => 1e308,
  () => ({}),
  (m) => ({ ...m.event, type: 'done' }),
  (m) => ({ ...m.event, type: ['heartbeat'] }),
  (m) => ({ ...m.event, surplus: true }),
  (m) => ({ ...m.event, phase: 'x'.repeat(10_000), type: 'heartbeat' }),
  (m) => JSON.parse(JSON.stringify({ ...m.event, x: 1 }).replace('"x"', '"__proto__"')),
  (m) => ({ ...m.event, attempt: '1' }),
  (m) => ({
    ...headOf(m.claim),
    type: 'progress',
    phase: 'training',
    step: -1,
    totalSteps: 1,
    loss: null,
    imageId: null,
  }),
  (m) => ({ ...headOf(m.claim), type: 'failed', gpuMs: 2 ** 60, code: 'GPU_LOST', retryable: false }),
  (m) => drawn(m, { key: 'o/\0/x' }),
  (m) => drawn(m, { key: 'o/\ud800/x' }),
  (m) => drawn(m, { width: 2 ** 40 }),
  (m) => drawn(m, { sizeBytes: 0 }),
  (m) => drawn(m, { sha256: 'x' }),
];

/** A finished image with a part that Postgres could not store, or that is no image. */
function drawn(m: Genuine, wrong: object): unknown {
  const object = { key: 'o/a/b.png', sizeBytes: 10, sha256: `${'A'.repeat(43)}=` };
  const result = { status: 'succeeded', ...object, width: 64, height: 64, gpuMs: 1, safety: null, ...wrong };
  return { ...headOf(m.claim), type: 'image', imageId: m.claim.order.images[0]?.imageId, result };
}

function headOfRequest(m: Genuine, framing: string[]): Buffer {
  const lines = [
    `POST ${m.path} HTTP/1.1`,
    'host: 127.0.0.1',
    ...Object.entries(m.headers).map(([name, value]) => `${name}: ${value}`),
    ...framing,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** A path may hold only some letters; those that are escaped already stay. */
function encodeOnce(segment: string): string {
  return segment.includes('%') ? segment : encodeURIComponent(segment);
}

function int({ random }: Scene, below: number): number {
  return Math.floor(random() * below);
}

function pick<T>(scene: Scene, from: readonly T[]): T {
  const one = from[int(scene, from.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
