/** Decodes a stranger's file in a process of its own, with limits on time and memory, and without our secrets. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { COPY_EDGE_PX, LIMITS, type PhotoLook, type PhotoRefusalCode } from '@pixgen/domain';
import type { DecodeRules, DecodeVerdict } from './decode-process.ts';

const SCRIPT = fileURLToPath(new URL('./decode-process.ts', import.meta.url));
/** What the child reads: its own package, the rules, the libraries. Not the folder above them, where an `.env` may lie. */
const READABLE = ['../..', '../../../domain', '../../../../node_modules'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
/**
 * `memoryKb` is the child's data segment. Node itself reserves some 650 MB of it; a progressive photo of 50 megapixels
 * with its rotated copy was measured to need 900,000 in all. `timeMs` is on the clock: on a busy machine a photo may wait long
 * for its turn, so what it costs is limited by {@link CPU_SECONDS}.
 */
const LIMITS_OF_CHILD: { timeMs: number; memoryKb: number } = { timeMs: 45_000, memoryKb: 1_200_000 };
/** Also for what a decoder does behind JavaScript's back: no core dump with a face in it, no file written. */
const NO_FILES = 'ulimit -c 0; ulimit -f 0';
const CPU_SECONDS = LIMITS.photos.decodeMs / 1000;
/** The soft limit tells what happened by its signal; at the hard one the kernel just kills. */
const CPU_LIMIT = `ulimit -H -t ${CPU_SECONDS + 2}; ulimit -S -t ${CPU_SECONDS}`;
const STANDS = '+'.charCodeAt(0);
const NO_SECRETS = { NODE_ENV: 'production' } as const;

export type DecodedPhoto =
  | { ok: true; jpeg: Buffer; width: number; height: number; look: PhotoLook }
  | { ok: false; code: PhotoRefusalCode };

/**
 * @param bytes the upload
 * @param contentType as announced; the content must be of this type
 * @param person whether the subject is a person, whose face is measured; of others only whether a face is there
 * @returns a clean sRGB JPEG, upright, longest edge at most 2048 px, without metadata; or why there is none
 * @param limits for tests
 * @throws {Error} when the child could not be run at all: a fault of this machine, not of the photo
 */
export async function decodePhoto(
  bytes: Buffer,
  contentType: string,
  { person = false, limits = LIMITS_OF_CHILD } = {},
): Promise<DecodedPhoto> {
  const { maxPixels, maxDecodedBytes, minEdgePx } = LIMITS.photos;
  const rules: DecodeRules = { contentType, maxPixels, maxDecodedBytes, minEdgePx, copyEdgePx: COPY_EDGE_PX, person };
  const child = await runChild(bytes, rules, limits);
  if (child.stdout[0] !== STANDS) throw new Error(`the photo decoder did not start: ${child.stderr}`);
  if (child.timedOut) return { ok: false, code: 'TOO_SLOW' };
  const lineEnd = child.stdout.indexOf('\n');
  // Ended by the memory limit or by a fault of its decoder: whatever it is, it is not a photo that is worth it.
  if (child.exitCode !== 0 || lineEnd < 0) return { ok: false, code: 'TOO_COMPLEX' };
  const verdict: DecodeVerdict = JSON.parse(child.stdout.toString('utf8', 1, lineEnd));
  if (!verdict.ok) return verdict;
  return { ...verdict, jpeg: child.stdout.subarray(lineEnd + 1) };
}

type Ended = { exitCode: number | null; timedOut: boolean; stdout: Buffer; stderr: string };

function runChild(input: Buffer, rules: DecodeRules, limits: typeof LIMITS_OF_CHILD): Promise<Ended> {
  // `ulimit -d` counts what libvips allocates, which no option of V8 does; `exec` keeps one process to kill.
  const permissions = ['--permission', '--allow-addons', ...READABLE.map((folder) => `--allow-fs-read=${folder}`)];
  const options = ['--no-warnings', '--max-old-space-size=128', ...permissions];
  const node = [process.execPath, ...options, SCRIPT, JSON.stringify(rules)];
  const args = ['-c', `ulimit -d ${limits.memoryKb}; ${CPU_LIMIT}; ${NO_FILES}; exec "$@"`, 'decode', ...node];
  const child = spawn('/bin/sh', args, { env: NO_SECRETS, stdio: 'pipe' });
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, limits.timeMs);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // A child that refuses early closes its end; its verdict still counts.
    child.stdin.on('error', () => {});
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      timedOut ||= signal === 'SIGXCPU';
      resolve({ exitCode, timedOut, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString('utf8', 0, 500) });
    });
    child.stdin.end(input);
  });
}
