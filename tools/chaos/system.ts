/**
 * The system under test: stores, GPU simulator, API and workers as processes of their own that are started again when they
 * die, with a TCP proxy on every link between them.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulatorConfigInput } from '../gpu-simulator/faults.ts';
import { type RecordLine, readRecordFolder } from '../gpu-simulator/record.ts';
import { NO_CALL_LIMITS } from '../stack/call-limits.ts';
import { generateClient, isClientGenerated, prepareDatabase } from '../stack/database.ts';
import { repositoryRoot } from '../stack/paths.ts';
import { choosePorts, releasePorts } from '../stack/ports.ts';
import { postgresFolder, postgresFolderOutside } from '../stack/postgres.ts';
import { baseEnvironment, type Environment, Service } from '../stack/process.ts';
import { startStack } from '../stack/stack.ts';
import { breakEnvironment } from './breaks/hook.ts';
import type { History } from './history.ts';
import { type Ends, type Supervised, supervise } from './supervised.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** Every process that can be hurt. */
export const PROCESSES = ['api', 'worker-1', 'worker-2', 'gpu', 'postgres', 'valkey', 'object-store'] as const;
export type ProcessName = (typeof PROCESSES)[number];
type WorkerName = 'worker-1' | 'worker-2';

/** Every link that can be hurt: who connects, to whom. */
export const LINKS = [
  'api>postgres',
  'api>valkey',
  'api>object-store',
  'worker-1>postgres',
  'worker-1>valkey',
  'worker-1>object-store',
  'worker-1>gpu',
  'worker-2>postgres',
  'worker-2>valkey',
  'worker-2>object-store',
  'worker-2>gpu',
  'gpu>api',
  'gpu>object-store',
] as const;
export type LinkName = (typeof LINKS)[number];

/** Prices that do not divide evenly, so that a rounding fault shows. */
export const PRICES = { trainMicroUsd: 500_003, imageMicroUsd: 10_007 } as const;

/** Work that lasts long enough to be hit, and GPUs that try again soon. */
export const GPU_AT_WORK: SimulatorConfigInput = {
  startMs: 100,
  imageMs: 400,
  stepMs: 120,
  heartbeatMs: 2_000,
  progressMs: 1_000,
  checkpointEverySteps: 8,
  fetchSources: true,
  requestTimeoutMs: 5_000,
  maxTries: 10,
};

/** The stores' own folder within that of a run. */
const STACK = 'stack';

export type System = {
  apiUrl: string;
  /** The stores without a proxy, for the checker. */
  stores: Readonly<Record<string, string>>;
  processes: Readonly<Record<ProcessName, Supervised>>;
  links: Readonly<Record<LinkName, TcpProxy>>;
  ends: Ends;
  logFolder: string;
  /** Replaces parts of what the GPU does, now and after its restarts. */
  controlGpu(change: SimulatorConfigInput): Promise<void>;
  /** Calls that the GPU works on now; null while it does not answer. */
  gpuCalls(): Promise<number | null>;
  /** Everything that the GPU's processes wrote down, one list per process. */
  gpuRecord(): RecordLine[][];
  stop(): Promise<void>;
};

export type SystemOptions = {
  /** From {@link freshFolder}. Logs and the GPU's record stay in it afterwards, data do not. */
  folder: string;
  history: History;
  gpu?: SimulatorConfigInput;
  /** Replaces settings of API and workers. */
  env?: Environment;
};

/** An empty folder for a run of this name; what an interrupted run of that name left is removed, its database too. */
export function freshFolder(name: string): string {
  const folder = join(repositoryRoot, '.pixgen-chaos', name);
  removeData(join(folder, STACK));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Where each store of a run in this folder keeps its data. */
export function storeFolders(folder: string): Readonly<Record<'postgres' | 'valkey' | 'object-store', string>> {
  const dataDir = join(folder, STACK);
  return {
    postgres: postgresFolder(dataDir),
    valkey: join(dataDir, 'valkey'),
    'object-store': join(dataDir, 'objects'),
  };
}

/** Starts the stores of a run once, so that their folders are made, and stops them again. */
export async function makeStores(folder: string): Promise<void> {
  const stack = await startStack({ dataDir: join(folder, STACK), durable: true });
  await stack.stop();
}

function removeData(dataDir: string): void {
  const outside = postgresFolderOutside(dataDir);
  const data = ['postgres', 'valkey', 'objects'].map((name) => join(dataDir, name));
  for (const path of [...data, ...(outside ? [outside] : [])]) rmSync(path, { recursive: true, force: true });
}

export async function startSystem({ folder, history, gpu = {}, env = {} }: SystemOptions): Promise<System> {
  if (!isClientGenerated()) await generateClient();
  const dataDir = join(folder, STACK);
  // Durable: what a store acknowledged must outlive its kill.
  const stack = await startStack({ dataDir, durable: true });
  const ends: Ends = { stops: [], crashes: [] };
  const started: Service[] = [];
  const proxies: TcpProxy[] = [];
  const supervised: Supervised[] = [];
  const ports = await choosePorts(join(folder, 'ports.json'), { api: {}, 'worker-1': {}, 'worker-2': {}, gpu: {} });

  async function stop(): Promise<void> {
    for (const one of supervised) one.release();
    await Promise.all(started.map((service) => service.kill('SIGKILL')));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await stack.stop();
    releasePorts(Object.values(ports));
    removeData(dataDir);
  }

  try {
    await prepareDatabase(stack.env.DATABASE_URL);
    const targets = {
      postgres: portOf(stack.env.DATABASE_URL),
      valkey: portOf(stack.env.REDIS_URL),
      'object-store': portOf(stack.env.S3_ENDPOINT),
      gpu: ports.gpu,
      api: ports.api,
    };
    const links = {} as Record<LinkName, TcpProxy>;
    for (const name of LINKS) {
      const [, target] = name.split('>') as [string, keyof typeof targets];
      links[name] = await startTcpProxy({ port: targets[target] });
      proxies.push(links[name]);
    }

    const configFile = join(folder, 'gpu-config.json');
    const recordFolder = join(folder, 'gpu-record');
    let config: SimulatorConfigInput = { ...GPU_AT_WORK, ...gpu };
    writeFileSync(configFile, JSON.stringify(config));
    const secret = randomBytes(24).toString('hex');
    const gpuUrl = `http://127.0.0.1:${ports.gpu}`;
    const gpuApiUrl = `http://127.0.0.1:${links['gpu>api'].port}`;
    const shared = appEnvironment(stack.env, { links, ports }, gpuApiUrl, secret, env);

    const makeService = (name: string, cwd: string, script: string, port: number, environment: Environment) =>
      new Service({
        name,
        command: process.execPath,
        args: [script],
        cwd: join(repositoryRoot, cwd),
        env: baseEnvironment(environment),
        logFile: join(dataDir, 'logs', `${name}.log`),
        // It lives; whether its stores do is not its own doing. It is never given up.
        isReady: async () =>
          (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(1_000) })).ok,
        readyDeadlineMs: 600_000,
      });
    const worker = (name: WorkerName) => makeService(name, 'apps/worker', 'src/main.ts', ports[name], shared(name));
    const apps = {
      gpu: makeService('gpu', 'tools/gpu-simulator', 'main.ts', ports.gpu, {
        GPU_SERVER_HOST: '127.0.0.1',
        GPU_SERVER_PORT: String(ports.gpu),
        GPU_SERVER_SECRET: secret,
        PIXGEN_API_BASE: gpuApiUrl,
        SIMULATOR_CONFIG: configFile,
        SIMULATOR_RECORD: recordFolder,
      }),
      api: makeService('api', 'apps/api', 'src/main.ts', ports.api, shared('api')),
      'worker-1': worker('worker-1'),
      'worker-2': worker('worker-2'),
    };
    started.push(...Object.values(apps));
    for (const service of started) stack.folder.track(service);
    await Promise.all(started.map((service) => service.start()));

    const keep = (service: Service): Supervised => {
      const one = supervise(service, history, ends);
      supervised.push(one);
      return one;
    };
    const processes: Record<ProcessName, Supervised> = {
      api: keep(apps.api),
      'worker-1': keep(apps['worker-1']),
      'worker-2': keep(apps['worker-2']),
      gpu: keep(apps.gpu),
      postgres: keep(stack.stores.postgres),
      valkey: keep(stack.stores.valkey),
      'object-store': keep(stack.stores.s3),
    };
    const asGpuCaller = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    return {
      apiUrl: `http://127.0.0.1:${ports.api}`,
      stores: stack.env,
      processes,
      links,
      ends,
      logFolder: join(dataDir, 'logs'),
      async controlGpu(change) {
        config = { ...config, ...change };
        // One that is down reads the file when it comes back.
        writeFileSync(configFile, JSON.stringify(config));
        const request = { method: 'POST', headers: asGpuCaller, body: JSON.stringify(config) };
        await fetch(`${gpuUrl}/control`, { ...request, signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
      },
      async gpuCalls() {
        try {
          const answer = await fetch(`${gpuUrl}/healthz`, { signal: AbortSignal.timeout(2_000) });
          return ((await answer.json()) as { calls: number }).calls;
        } catch {
          return null;
        }
      },
      gpuRecord: () => readRecordFolder(recordFolder),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What API and workers are told: the stores as each reaches them through its own links. */
function appEnvironment(
  stores: Readonly<Record<string, string>>,
  {
    links,
    ports,
  }: { links: Readonly<Record<LinkName, TcpProxy>>; ports: Readonly<Record<'api' | WorkerName, number>> },
  gpuApiUrl: string,
  secret: string,
  env: Environment,
): (name: 'api' | WorkerName) => Environment {
  const sessionKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  const ticketKey = randomBytes(32).toString('hex');
  return (name) => {
    const through = (address: string | undefined, link: LinkName): string => {
      const url = new URL(address ?? '');
      url.port = String(links[link].port);
      return url.href.replace(/\/$/, '');
    };
    return {
      ...stores,
      DATABASE_URL: through(stores.DATABASE_URL, `${name}>postgres`),
      REDIS_URL: through(stores.REDIS_URL, `${name}>valkey`),
      S3_ENDPOINT: through(stores.S3_ENDPOINT, `${name}>object-store`),
      S3_PUBLIC_ENDPOINT: through(stores.S3_ENDPOINT, 'gpu>object-store'),
      HOST: '127.0.0.1',
      PORT: String(ports[name]),
      ...NO_CALL_LIMITS,
      WEB_ORIGIN: 'http://localhost:3000',
      GPU_API_URL: gpuApiUrl,
      TICKET_KEY: ticketKey,
      GPU_PROFILE: 'nano',
      GPU_BACKEND: 'local',
      ...(name === 'api' ? {} : { GPU_SERVER_URL: `http://127.0.0.1:${links[`${name}>gpu`].port}` }),
      GPU_SERVER_SECRET: secret,
      TRAIN_PRICE_MICRO_USD: String(PRICES.trainMicroUsd),
      IMAGE_PRICE_MICRO_USD: String(PRICES.imageMicroUsd),
      AUTH_MODE: 'local',
      REGISTRATION: 'open',
      SESSION_PRIVATE_KEY: Buffer.from(sessionKey).toString('base64'),
      LOG_LEVEL: 'info',
      NODE_ENV: 'production',
      ...breakEnvironment(),
      ...env,
    };
  };
}

function portOf(address: string): number {
  return Number(new URL(address).port);
}
