/** The operator's Modal account: its token out of the environment, and Modal's own command line from the GPU lock. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../stack/paths.ts';
import { PlainError } from '../stack/plain-error.ts';
import { baseEnvironment, type Environment, runToEnd } from '../stack/process.ts';
import { ensurePython, GPU_ENVIRONMENT } from '../stack/python.ts';

export const SECRET = 'pixgen-gpu';
export const GPU_FOLDER = join(repositoryRoot, 'gpu');

/** Runs Modal's command line to its end and returns what it printed. @throws when it fails, with its output */
export type Modal = (args: readonly string[], onLine?: (line: string) => void) => Promise<string>;

/** The environment, with `.env` beside package.json added. */
export function ownEnvironment(): Environment {
  const file = join(repositoryRoot, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
  return process.env;
}

/** @throws PlainError that says how to get a token */
export function requireToken(env: Environment): { MODAL_TOKEN_ID: string; MODAL_TOKEN_SECRET: string } {
  const { MODAL_TOKEN_ID, MODAL_TOKEN_SECRET } = env;
  if (MODAL_TOKEN_ID && MODAL_TOKEN_SECRET) return { MODAL_TOKEN_ID, MODAL_TOKEN_SECRET };
  const missing = [MODAL_TOKEN_ID ? '' : 'MODAL_TOKEN_ID', MODAL_TOKEN_SECRET ? '' : 'MODAL_TOKEN_SECRET'];
  throw new PlainError(
    `${missing.filter(Boolean).join(' and ')} not set. Make an API token in the settings of your Modal account, and put ` +
      'both parts into .env or the environment. Nothing was sent to Modal.',
  );
}

/** Modal's command line of the version that the app is tested with. Installs the GPU packages when they are missing. */
export async function modalProgram(env: Environment): Promise<Modal> {
  const token = requireToken(env);
  await ensurePython(GPU_ENVIRONMENT);
  const program = join(GPU_ENVIRONMENT.folder, 'bin/modal');
  const passed = Object.fromEntries(
    Object.entries(env).filter(([name]) => name.startsWith('MODAL_') && name !== 'MODAL_APP'),
  );
  return (args, onLine) =>
    runToEnd(program, [...args], {
      env: { ...baseEnvironment(), ...passed, ...token },
      cwd: GPU_FOLDER,
      ...(onLine && { onLine }),
    });
}

/** @throws PlainError when Modal does not take the token */
export async function checkToken(modal: Modal): Promise<void> {
  try {
    await modal(['token', 'info']);
  } catch (error) {
    throw new PlainError(
      `Modal does not take this token: check MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.\n${lastLines(error)}`,
    );
  }
}

/** Whether a `--json` list of Modal's command line names something; remarks may stand around it. */
export function lists(output: string, name: string): boolean {
  const json = output.slice(output.indexOf('['), output.lastIndexOf(']') + 1);
  const rows = z.array(z.record(z.string(), z.unknown())).parse(JSON.parse(json));
  return rows.some((row) => Object.values(row).includes(name));
}

/** An address that Modal's machines can reach too. */
export function isPublicHttps(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' && !/^(localhost|127\.|10\.|192\.168\.|\[|0\.)/.test(hostname);
}

export function lastLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n').slice(-5).join('\n');
}
