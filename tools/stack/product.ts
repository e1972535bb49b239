import { existsSync, readFileSync, rmSync } from 'node:fs';
import {
  APP_NAMES,
  type AppContext,
  type AppName,
  createApp,
  type GpuChoice,
  publicUrl,
  setupLinkFile,
} from './apps.ts';
import { openDataFolder } from './data-folder.ts';
import { generateClient, isClientGenerated, prepareDatabase } from './database.ts';
import { PlainError } from './plain-error.ts';
import { choosePorts, type PortWish, releasePorts } from './ports.ts';
import type { Service } from './process.ts';
import { ensurePython, GPU_ENVIRONMENT, isInstalled, SERVICES_ENVIRONMENT } from './python.ts';
import { type StoreName, type Stores, startStores } from './stack.ts';
import type { Step } from './steps.ts';
import { keepRunning, reasonOf } from './supervise.ts';
import { hasValkey } from './valkey.ts';
import { buildWeb, isWebBuilt } from './web-build.ts';

export interface ProductOptions {
  readonly dataDir: string;
  readonly gpu: GpuChoice;
  /** False: no web app, for programs that use the API only. */
  readonly web: boolean;
  readonly webPort: PortWish;
  /** Settings of a person; a named store (`DATABASE_URL`, `REDIS_URL`, `S3_ENDPOINT`) is used instead of our own. */
  readonly environment: NodeJS.ProcessEnv;
  readonly durable?: boolean;
  /** Runs one step of the start, for a display; `note` shows what it is doing. */
  readonly step: Step;
  /** Told about crashes and restarts while it runs. */
  readonly onTrouble: (line: string) => void;
}

export interface Product {
  readonly publicUrl: string;
  readonly apiUrl: string;
  /** What a program needs to reach the stores, for tests and tools. */
  readonly stores: Readonly<Record<string, string>>;
  readonly services: Readonly<Partial<Record<StoreName | AppName, Service>>>;
  /** The one-time link with which the first person becomes the admin; undefined once there is one. */
  setupLink(): string | undefined;
  /** Rejects when a store is gone for good: without it nothing works, and the whole product stops. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Starts the whole product: stores, schema, GPU side, API, worker, web. On failure everything started is stopped again. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { step } = options;
  const folder = await openDataFolder(options.dataDir);
  const running: Array<() => Promise<void>> = [() => Promise.resolve(folder.close())];
  const stop = async () => {
    for (const end of running.splice(0).reverse()) await end();
  };
  try {
    rmSync(setupLinkFile(folder), { force: true });
    const apps = APP_NAMES.filter(
      (name) => (name !== 'web' || options.web) && (name !== 'gpu' || options.gpu !== 'external'),
    );
    const wishes: Record<AppName, PortWish> = { gpu: {}, api: {}, worker: {}, web: options.webPort };
    const ports = await choosePorts(folder.join('ports.json'), wishes);
    running.push(() => Promise.resolve(releasePorts(Object.values(ports))));

    if (!isClientGenerated()) await step('database client', generateClient);
    // The long preparations need no store, so all three lines run at once.
    const results = await Promise.allSettled([
      openStores(options, folder, ports, running),
      options.gpu === 'local' && !isInstalled(GPU_ENVIRONMENT)
        ? step('Python packages of the GPU server (first time only)', (note) => ensurePython(GPU_ENVIRONMENT, note))
        : undefined,
      options.web && !isWebBuilt() ? step('web app built (first time and after changes)', buildWeb) : undefined,
    ]);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
    const [opened] = results;
    if (opened.status !== 'fulfilled') throw new PlainError('The stores could not be started.');
    const { stores, env } = opened.value;

    const context: AppContext = { folder, ports, stores: env, gpu: options.gpu, environment: options.environment };
    const services: Partial<Record<StoreName | AppName, Service>> = { ...stores?.stores };
    const supervisors: Array<() => void> = [];
    const started = await Promise.allSettled(
      apps.map(async (name) => {
        const service = createApp(name, context);
        folder.track(service);
        services[name] = service;
        await step(APP_LABELS[name], () => service.start());
        const report = (reason: string, waitMs: number) =>
          options.onTrouble(`${name} stopped: ${reason}. Starting it again in ${waitMs / 1000} s.`);
        supervisors.push(keepRunning(service, (exit, waitMs) => report(reasonOf(exit), waitMs)));
      }),
    );
    running.push(async () => {
      for (const end of supervisors) end();
      // Callers before those they call, so nothing fails on its way out.
      for (const name of ['web', 'api', 'worker', 'gpu'] as const) await services[name]?.stop();
    });
    const fallen = started.find((result) => result.status === 'rejected');
    if (fallen) throw fallen.reason;

    return {
      publicUrl: publicUrl(context),
      apiUrl: `http://127.0.0.1:${ports.api}`,
      stores: env,
      services,
      setupLink: () => readSetupLink(setupLinkFile(folder)),
      failed: watchStores(Object.values(stores?.stores ?? {})),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const APP_LABELS: Record<AppName, string> = { gpu: 'GPU server', api: 'API', worker: 'worker', web: 'web app' };
const STORE_LABELS: Record<StoreName, string> = { postgres: 'database', valkey: 'queue', s3: 'object store' };

type Folder = Awaited<ReturnType<typeof openDataFolder>>;

/** The stores that nobody named are started; then the schema and the first data are put in. */
async function openStores(
  options: ProductOptions,
  folder: Folder,
  ports: Readonly<Record<AppName, number>>,
  running: Array<() => Promise<void>>,
): Promise<{ stores: Stores | undefined; env: Record<string, string> }> {
  const { environment, step } = options;
  const named = { postgres: environment.DATABASE_URL, valkey: environment.REDIS_URL, s3: environment.S3_ENDPOINT };
  const services = (['postgres', 'valkey', 's3'] as const).filter((name) => !named[name]);
  const needsPython = services.includes('s3') || (services.includes('valkey') && !hasValkey());
  if (needsPython && !isInstalled(SERVICES_ENVIRONMENT)) {
    await step('queue and object store installed (first time only)', (note) =>
      ensurePython(SERVICES_ENVIRONMENT, note),
    );
  }
  const origins = [publicUrl({ environment, ports }), `http://127.0.0.1:${ports.web}`];
  const stores = await step(services.map((name) => STORE_LABELS[name]).join(', ') || 'stores of your own', () =>
    startStores(folder, { services, durable: options.durable ?? true, corsOrigins: origins }),
  );
  running.push(() => stores.stop());
  const env = { ...namedStores(environment), ...stores.env };
  await step('schema and first data', () => prepareDatabase(env.DATABASE_URL ?? ''));
  return { stores, env };
}

function namedStores(environment: NodeJS.ProcessEnv): Record<string, string> {
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

function readSetupLink(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
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
