import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import type { GpuProfile } from '@pixgen/domain';
import { NO_CALL_LIMITS } from './call-limits.ts';
import type { DataFolder } from './data-folder.ts';
import { repositoryRoot } from './paths.ts';
import { baseEnvironment, type Environment, Service } from './process.ts';
import { GPU_ENVIRONMENT } from './python.ts';

export const APP_NAMES = ['gpu', 'api', 'worker', 'web'] as const;
export type AppName = (typeof APP_NAMES)[number];
export type GpuChoice = 'simulator' | 'local' | 'external';

/** Everything an app's row may need to know about the rest. */
export interface AppContext {
  readonly folder: DataFolder;
  readonly ports: Readonly<Record<AppName, number>>;
  /** Where the stores are: started ones and those a person named. */
  readonly stores: Readonly<Record<string, string>>;
  readonly gpu: GpuChoice;
  /** What a person set; wins over a row's `defaults`, never over its `wiring`. */
  readonly environment: Environment;
}

interface AppRow {
  readonly command: (
    context: AppContext,
    root: string,
  ) => {
    readonly command: string;
    readonly args: readonly string[];
    readonly cwd: string;
  };
  /** Values that a person's environment may replace. */
  readonly defaults: (context: AppContext) => Environment;
  /** Values that hold the parts together; nothing outside may change them. */
  readonly wiring: (context: AppContext) => Environment;
  /** Answers 2xx when the app serves. */
  readonly healthPath: string;
  readonly readyDeadlineMs: number;
}

const node = (folder: string, script: string) => ({ command: process.execPath, args: [script], cwd: folder });
const loopback = (port: number) => `http://127.0.0.1:${port}`;

/** The address that people use. `localhost`, since browsers treat cookies of a bare address differently. */
export function publicUrl({ environment, ports }: Pick<AppContext, 'environment' | 'ports'>): string {
  return environment.PUBLIC_URL ?? `http://localhost:${ports.web}`;
}

/** The base model of the embedded stack where GPU_PROFILE does not say another: its weights are part of the repository. */
const DEFAULT_PROFILE: GpuProfile = 'tiny';

/** What api and worker share. */
function serverDefaults(): Environment {
  return { NODE_ENV: 'production', LOG_LEVEL: 'info', GPU_PROFILE: DEFAULT_PROFILE };
}

function serverWiring({ folder, ports, stores }: AppContext): Environment {
  const { ticketKey } = folder.secrets('ticketKey');
  return { ...stores, GPU_API_URL: loopback(ports.api), TICKET_KEY: ticketKey };
}

/** Everything here listens on this machine alone, so whoever can reach it may have an account. */
function identityDefaults(): Environment {
  return { AUTH_MODE: 'local', REGISTRATION: 'open', QUEUE_BOARD: 'on', TRUSTED_PROXIES: '127.0.0.1' };
}

/** Signs the sessions of the local issuer: base64 of a PKCS #8 PEM. */
function sessionPrivateKey(folder: DataFolder): string {
  return folder.secret('sessionPrivateKey', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64');
  });
}

function gpuWiring({ folder, ports, gpu }: AppContext): Environment {
  if (gpu === 'external') return {};
  const { gpuServerSecret } = folder.secrets('gpuServerSecret');
  return { GPU_BACKEND: 'local', GPU_SERVER_URL: loopback(ports.gpu), GPU_SERVER_SECRET: gpuServerSecret };
}

/** One row per program of ours: how it is started, told where the others are, and judged ready. */
const APPS: Record<AppName, AppRow> = {
  gpu: {
    command: ({ gpu }, root) =>
      gpu === 'simulator'
        ? node(join(root, 'tools/gpu-simulator'), 'main.ts')
        : {
            command: join(GPU_ENVIRONMENT.folder, 'bin/python'),
            args: ['server.py'],
            cwd: join(root, 'gpu'),
          },
    defaults: ({ folder }) => ({ GPU_PROFILE: DEFAULT_PROFILE, PIXGEN_GPU_DATA_DIR: folder.join('gpu') }),
    wiring: (context) => ({
      ...gpuWiring(context),
      GPU_SERVER_HOST: '127.0.0.1',
      GPU_SERVER_PORT: String(context.ports.gpu),
      PIXGEN_API_BASE: loopback(context.ports.api),
    }),
    healthPath: '/healthz',
    readyDeadlineMs: 120_000, // importing torch from a cold disk
  },
  api: {
    command: (_context, root) => node(join(root, 'apps/api'), 'src/main.ts'),
    defaults: (context) => ({
      ...serverDefaults(),
      ...identityDefaults(),
      ...NO_CALL_LIMITS,
      WEB_ORIGIN: publicUrl(context),
      SESSION_PRIVATE_KEY: sessionPrivateKey(context.folder),
    }),
    wiring: (context) => ({ ...serverWiring(context), HOST: '127.0.0.1', PORT: String(context.ports.api) }),
    healthPath: '/readyz',
    readyDeadlineMs: 30_000,
  },
  worker: {
    command: (_context, root) => node(join(root, 'apps/worker'), 'src/main.ts'),
    defaults: () => ({ ...serverDefaults(), LIVE_JOBS_PER_PERSON: NO_CALL_LIMITS.LIVE_JOBS_PER_PERSON }),
    wiring: (context) => ({
      ...serverWiring(context),
      ...gpuWiring(context),
      HOST: '127.0.0.1',
      PORT: String(context.ports.worker),
    }),
    healthPath: '/readyz',
    readyDeadlineMs: 30_000,
  },
  web: {
    command: (_context, root) => node(join(root, 'apps/web/.next/standalone/apps/web'), 'server.js'),
    defaults: (context) => ({
      NODE_ENV: 'production',
      AUTH_MODE: 'local',
      PUBLIC_URL: publicUrl(context),
      API_PUBLIC_URL: loopback(context.ports.api),
    }),
    wiring: ({ ports, stores }) => ({
      API_URL: loopback(ports.api),
      UPLOAD_ORIGIN: stores.S3_ENDPOINT,
      HOSTNAME: '127.0.0.1',
      PORT: String(ports.web),
    }),
    healthPath: '/readyz',
    readyDeadlineMs: 60_000,
  },
};

/**
 * A service for one app, in the context of the others.
 * @param root where the workspace's folders are: the checkout, or what an image holds of it
 */
export function createApp(name: AppName, context: AppContext, root: string = repositoryRoot): Service {
  const row = APPS[name];
  const health = `${loopback(context.ports[name])}${row.healthPath}`;
  return new Service({
    name,
    ...row.command(context, root),
    env: baseEnvironment({ ...row.defaults(context), ...context.environment, ...row.wiring(context) }),
    logFile: context.folder.join('logs', `${name}.log`),
    readyDeadlineMs: row.readyDeadlineMs,
    isReady: async () => (await fetch(health, { redirect: 'manual', signal: AbortSignal.timeout(5_000) })).status < 400,
  });
}
