import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { APP_NAMES, type AppContext, type AppName, createApp, type GpuChoice, publicUrl } from './apps.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { databaseContentHash, generateClient, isClientGenerated, prepareDatabase } from './database.ts';
import { reasonOf } from './exit-reason.ts';
import { repositoryRoot } from './paths.ts';
import { PlainError } from './plain-error.ts';
import { choosePorts, type PortWish, releasePorts } from './ports.ts';
import { baseEnvironment, type Environment, runToEnd, type Service } from './process.ts';
import { ensurePython, GPU_ENVIRONMENT, isInstalled, SERVICES_ENVIRONMENT } from './python.ts';
import { STORES, type StoreName, type Stores, startStores } from './stack.ts';
import type { Step } from './steps.ts';
import { keepRunning } from './supervise.ts';
import { hasValkey } from './valkey.ts';
import { buildWeb, isWebBuilt } from './web-build.ts';

export interface ProductOptions {
  readonly dataDir: string;
  readonly gpu: GpuChoice;
  /** False: no web app, for programs that use the API only. */
  readonly web: boolean;
  readonly webPort: PortWish;
  /** Settings of a person; a named store (`DATABASE_URL`, `REDIS_URL`, `S3_ENDPOINT`) is used instead of our own. */
  readonly environment: Environment;
  readonly durable?: boolean;
  /** E-mail address of somebody who forgot their password. */
  readonly passwordLinkFor?: string | undefined;
  /** Runs one step of the start, for a display; `note` shows what it is doing. */
  readonly step: Step;
  /** Told about crashes and restarts while it runs. */
  readonly onTrouble: (line: string) => void;
}

export interface Product {
  readonly publicUrl: string;
  readonly apiUrl: string;
  /** The GPU server's address; undefined when it is not ours. */
  readonly gpuUrl: string | undefined;
  /** What a program needs to reach the stores, for tests and tools. */
  readonly stores: Readonly<Record<string, string>>;
  readonly services: Readonly<Partial<Record<StoreName | AppName, Service>>>;
  /** The one-time link with which the first person becomes the admin; undefined once there is one. */
  readonly setupLink: string | undefined;
  /** The one-time link that sets a new password, where one was asked for. */
  readonly passwordLink: string | undefined;
  /** Rejects when a store is gone for good: without it nothing works, and the whole product stops. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Starts the whole product: stores, schema, GPU side, API, worker, web. On failure everything started is stopped again. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const folder = await openDataFolder(options.dataDir);
  const ends = new EndStack();
  ends.add(() => folder.close());
  try {
    const wishes: Record<AppName, PortWish> = { gpu: {}, api: {}, worker: {}, web: options.webPort };
    const ports = await choosePorts(folder.join('ports.json'), wishes);
    ends.add(() => releasePorts(Object.values(ports)));
    if (!isClientGenerated()) await options.step('database client (first time and after changes)', generateClient);
    // The long preparations need no store, so all three run at once.
    const [{ stores, env }] = await Promise.all([
      openStores(options, folder, ports, ends),
      prepareGpu(options),
      prepareWeb(options),
    ]);
    const context: AppContext = { folder, ports, stores: env, gpu: options.gpu, environment: options.environment };
    const apps = await startApps(options, context, ends);
    return {
      publicUrl: publicUrl(context),
      apiUrl: `http://127.0.0.1:${ports.api}`,
      gpuUrl: options.gpu === 'external' ? undefined : `http://127.0.0.1:${ports.gpu}`,
      stores: env,
      services: { ...stores.stores, ...apps },
      setupLink: options.web ? await issueSetupLink(context) : undefined,
      passwordLink: options.passwordLinkFor ? await issuePasswordLink(context, options.passwordLinkFor) : undefined,
      failed: watchStores(Object.values(stores.stores)),
      stop: () => ends.run(),
    };
  } catch (error) {
    await ends.run();
    throw error;
  }
}

/** What has to be undone, last first. What is added after the end (a start that was under way when another failed) is undone at once. */
class EndStack {
  readonly #ends: Array<() => Promise<void> | void> = [];
  #ended = false;

  add(end: () => Promise<void> | void): void {
    if (this.#ended) void end();
    else this.#ends.push(end);
  }

  async run(): Promise<void> {
    this.#ended = true;
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

async function prepareGpu({ gpu, step }: ProductOptions): Promise<void> {
  if (gpu !== 'local' || isInstalled(GPU_ENVIRONMENT)) return;
  await step('Python packages of the GPU server (first time only)', (note) => ensurePython(GPU_ENVIRONMENT, note));
}

async function prepareWeb({ web, step }: ProductOptions): Promise<void> {
  if (web && !isWebBuilt()) await step('web app built (first time and after changes)', buildWeb);
}

/** Starts the programs of ours at once and keeps them running. */
async function startApps(
  options: ProductOptions,
  context: AppContext,
  ends: EndStack,
): Promise<Partial<Record<AppName, Service>>> {
  const names = APP_NAMES.filter(
    (name) => (name !== 'web' || options.web) && (name !== 'gpu' || options.gpu !== 'external'),
  );
  const services: Partial<Record<AppName, Service>> = {};
  // Callers before those they call, so nothing fails on its way out.
  ends.add(async () => {
    for (const name of ['web', 'api', 'worker', 'gpu'] as const) await services[name]?.stop();
  });
  const startOne = async (name: AppName) => {
    const service = createApp(name, context);
    context.folder.track(service);
    services[name] = service;
    await options.step(APP_LABELS[name], () => service.start());
    const end = keepRunning(service, (exit, waitMs) => {
      options.onTrouble(`${name} stopped: ${reasonOf(exit)}. Starting it again in ${waitMs / 1000} s.`);
    });
    ends.add(end);
  };
  await Promise.all(names.map(startOne));
  return services;
}

const APP_LABELS: Record<AppName, string> = { gpu: 'GPU server', api: 'API', worker: 'worker', web: 'web app' };
const STORE_LABELS: Record<StoreName, string> = { postgres: 'database', valkey: 'queue', s3: 'object store' };

/** The stores that nobody named are started; then the schema and the first data are put in. */
async function openStores(
  options: ProductOptions,
  folder: DataFolder,
  ports: Readonly<Record<AppName, number>>,
  ends: EndStack,
): Promise<{ stores: Stores; env: Record<string, string> }> {
  const { environment, step } = options;
  const named = { postgres: environment.DATABASE_URL, valkey: environment.REDIS_URL, s3: environment.S3_ENDPOINT };
  const services = STORES.filter((name) => !named[name]);
  const needsPython = services.includes('s3') || (services.includes('valkey') && !hasValkey());
  if (needsPython && !isInstalled(SERVICES_ENVIRONMENT)) {
    await step('queue and object store installed (first time only)', (note) =>
      ensurePython(SERVICES_ENVIRONMENT, note),
    );
  }
  const corsOrigins = [publicUrl({ environment, ports }), `http://127.0.0.1:${ports.web}`];
  const label = services.map((name) => STORE_LABELS[name]).join(', ') || 'stores of your own';
  const stores = await step(label, () =>
    startStores(folder, { services, durable: options.durable ?? true, corsOrigins }),
  );
  ends.add(() => stores.stop());
  const env = { ...namedStores(environment), ...stores.env };
  // Our own database is as we left it; one that somebody named may have been replaced since.
  const stamp = folder.join('database-content');
  const content = databaseContentHash();
  const prepared = services.includes('postgres') && existsSync(stamp) && readFileSync(stamp, 'utf8') === content;
  if (!prepared) await step('schema and first data', () => prepareDatabase(env.DATABASE_URL ?? ''));
  if (services.includes('postgres')) writeFileSync(stamp, content);
  return { stores, env };
}

function namedStores(environment: Environment): Record<string, string> {
  const names = [
    'DATABASE_URL',
    'REDIS_URL',
    'S3_ENDPOINT',
    'S3_BUCKET',
    'S3_REGION',
    'S3_ACCESS_KEY_ID',
    'S3_SECRET_ACCESS_KEY',
  ];
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

/** A fresh one-time link while there is no admin; an older one then works no more. The token stands behind `#`: never in a log. */
async function issueSetupLink(context: AppContext): Promise<string | undefined> {
  const { token } = await runForToken(context, ['src/set-up-link.ts']);
  return token === null ? undefined : `${publicUrl(context)}/setup#token=${token}`;
}

async function issuePasswordLink(context: AppContext, address: string): Promise<string> {
  const { token, reason } = await runForToken(context, ['src/password-link.ts', address]);
  if (token === null) throw new PlainError(`No password link for ${address}: ${reason}`);
  return `${publicUrl(context)}/set-password#token=${token}`;
}

async function runForToken(context: AppContext, args: string[]): Promise<{ token: string | null; reason?: string }> {
  const env = baseEnvironment({ DATABASE_URL: context.stores.DATABASE_URL });
  const output = await runToEnd(process.execPath, args, { cwd: join(repositoryRoot, 'apps/api'), env });
  return JSON.parse(output) as { token: string | null; reason?: string };
}

function watchStores(stores: readonly Service[]): Promise<never> {
  const failed = new Promise<never>((_resolve, reject) => {
    for (const service of stores) {
      service.on('exit', (exit) => {
        if (!exit.expected)
          reject(new PlainError(`${service.name} stopped: ${reasonOf(exit)}. Its log: ${service.logFile}`));
      });
    }
  });
  failed.catch(() => undefined); // whoever awaits it hears of it; nobody has to
  return failed;
}
