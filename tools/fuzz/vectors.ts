/**
 * W2: TypeScript, Python and openssl sign the same bodies; the API's verifier and the published Python library must accept
 * every signature. `--write` keeps a small set as a fixture, which the tests of both languages read without the other.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MAX_BODY_BYTES, verifySignature } from '@pixgen/core';
import { Webhook } from 'standardwebhooks';
import { seededRandom } from '../gpu-simulator/faults.ts';
import { signedHeaders, signingKey } from '../gpu-simulator/sign.ts';
import { repositoryRoot } from '../stack/paths.ts';
import type { Random } from './forgeries.ts';

const FIXTURE = join(repositoryRoot, 'packages/core/src/jobs/webhook-vectors.json');
const FIXTURE_BODY_BYTES = 400;

type Vector = { secret: string; id: string; timestamp: number; body: Buffer };
type Signatures = Record<'typescript' | 'standardwebhooks' | 'python' | 'openssl', string>;

export type VectorReport = {
  bodies: number;
  signatures: number;
  /** Of the API's verifier and of the published Python library. */
  refusedByApi: number;
  refusedByPython: number;
  /** Signatures of another body, which either verifier took. */
  falselyAccepted: number;
  smallestBytes: number;
  largestBytes: number;
  seed: number;
  seconds: number;
};

export function faultsOfVectors(report: VectorReport): string[] {
  return [
    report.signatures === 0 && 'nothing was signed',
    report.refusedByApi > 0 && `the API's verifier refused ${report.refusedByApi} signatures`,
    report.refusedByPython > 0 && `the Python library refused ${report.refusedByPython} signatures`,
    report.falselyAccepted > 0 && `${report.falselyAccepted} signatures of another body were accepted`,
  ].filter((fault) => fault !== false);
}

/** @param options.python an interpreter with the GPU side's packages; openssl must be on the PATH */
export async function checkVectors(options: {
  n: number;
  seed: number;
  python: string;
  write: boolean;
}): Promise<VectorReport> {
  const startedAt = performance.now();
  const python = startPython(options.python);
  const bodies = drawBodies(options.n, options.seed, options.write ? FIXTURE_BODY_BYTES : MAX_BODY_BYTES);
  const sizes = bodies.map((body) => body.length);
  const report: VectorReport = {
    bodies: 0,
    signatures: 0,
    refusedByApi: 0,
    refusedByPython: 0,
    falselyAccepted: 0,
    smallestBytes: Math.min(...sizes),
    largestBytes: Math.max(...sizes),
    seed: options.seed,
    seconds: 0,
  };
  const kept: object[] = [];
  let previous: string | null = null;
  for (const [index, body] of bodies.entries()) {
    const secret = `whsec_${seededBytes(options.seed, index).toString('base64')}`;
    const vector = { secret, id: `msg_${options.seed}_${index}`, timestamp: Math.floor(Date.now() / 1000), body };
    const signatures = await signEverywhere(vector, python);
    const all = Object.values(signatures);
    const strangers = previous === null ? [] : [previous];
    report.bodies += 1;
    report.signatures += all.length;
    report.refusedByApi += all.filter((signature) => !isAcceptedByApi(vector, signature)).length;
    const { verified } = (await python.ask({ ...asRequest(vector), signatures: [...all, ...strangers] })) as {
      verified: boolean[];
    };
    report.refusedByPython += verified.slice(0, all.length).filter((ok) => !ok).length;
    report.falselyAccepted +=
      verified.slice(all.length).filter((ok) => ok).length +
      strangers.filter((one) => isAcceptedByApi(vector, one)).length;
    previous = signatures.typescript;
    kept.push({ ...asRequest(vector), signatures });
  }
  await python.stop();
  if (options.write) writeFileSync(FIXTURE, `${JSON.stringify(kept, null, 2)}\n`);
  return { ...report, seconds: Math.round((performance.now() - startedAt) / 100) / 10 };
}

function isAcceptedByApi({ secret, id, timestamp, body }: Vector, signature: string): boolean {
  return verifySignature([secret], { id, timestamp: String(timestamp), signature, rawBody: body }) === id;
}

async function signEverywhere(vector: Vector, python: Python): Promise<Signatures> {
  const { secret, id, timestamp, body } = vector;
  const answer = (await python.ask(asRequest(vector))) as { signature: string };
  return {
    typescript: signedHeaders(signingKey(secret), id, timestamp, body)['webhook-signature'],
    standardwebhooks: new Webhook(secret).sign(id, new Date(timestamp * 1000), body.toString()),
    python: answer.signature,
    openssl: signWithOpenssl(vector),
  };
}

function signWithOpenssl({ secret, id, timestamp, body }: Vector): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64').toString('hex');
  const digest = execFileSync('openssl', ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key}`, '-binary'], {
    input: Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]),
  });
  return `v1,${digest.toString('base64')}`;
}

const asRequest = ({ body, ...vector }: Vector) => ({ ...vector, body: body.toString('base64') });

type Python = { ask: (request: object) => Promise<unknown>; stop: () => Promise<void> };

function startPython(interpreter: string): Python {
  const child: ChildProcess = spawn(interpreter, ['-m', 'scripts.sign_vectors'], {
    cwd: join(repositoryRoot, 'gpu'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!child.stdin || !child.stdout) throw new Error('the Python process has no pipes');
  const { stdin, stdout } = child;
  const exited = once(child, 'exit');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('the Python process ended; its reason stands above');
      return JSON.parse(value);
    },
    async stop() {
      stdin.end();
      await exited;
    },
  };
}

const PARTS: readonly ((random: Random) => string)[] = [
  () => 'é ß ñ ö 你好 🦊 👩‍👩‍👧 \u{10FFFF}',
  () => '\u2028\u2029\u0085\ufeff',
  () => '\0',
  () => '\\u0000\\ud83d\\ude00',
  () => '\u0001\u001f\u007f\r\n\t',
  (random) => JSON.stringify({ loss: random() * 10 ** Math.floor(random() * 40 - 20), zero: -0, step: 1e21 }),
  (random) => `[${0.1 + 0.2},${Number.MIN_VALUE},${Number.MAX_VALUE},${Math.floor(random() * 2 ** 53)}]`,
  (random) => `{"type":"heartbeat","step":${Math.floor(random() * 1000)}}`,
  () => '.1700000000.{"cut":"here"}',
  () => ' ',
  () => 'a',
];

/** UTF-8 texts from 1 byte to `maxBytes`; every scale is as likely as any other. */
function drawBodies(n: number, seed: number, maxBytes: number): Buffer[] {
  const random = seededRandom(seed, 0);
  return Array.from({ length: n }, (_, index) => {
    if (index === 0) return Buffer.from('a');
    if (index === 1) return Buffer.from('é'.repeat(maxBytes / 2));
    const length = Math.floor(maxBytes ** random());
    let text = '';
    while (text.length < length) text += PARTS[Math.floor(random() * PARTS.length)]?.(random) ?? '';
    // Cut between letters, never within one.
    const cut = Buffer.from(text)
      .subarray(0, Math.max(1, length))
      .toString()
      .replace(/\ufffd$/, '');
    return Buffer.from(cut === '' ? 'a' : cut);
  });
}

function seededBytes(seed: number, stream: number): Buffer {
  const random = seededRandom(seed, 1_000_000 + stream);
  return Buffer.from(Array.from({ length: 32 }, () => Math.floor(random() * 256)));
}
