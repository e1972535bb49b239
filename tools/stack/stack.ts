import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import {
  ADMIN_GRPC_OFFSET,
  BUCKET,
  createObjectStore,
  OBJECT_STORE_PORTS,
  type ObjectStorePort,
  objectStoreEndpoint,
  REGION,
} from './object-store.ts';
import { choosePorts, type PortWish, releasePorts } from './ports.ts';
import { createPostgres, postgresFolderOutside, postgresUrl } from './postgres.ts';
import type { Service } from './process.ts';
import { ensurePython, SERVICES_ENVIRONMENT } from './python.ts';
import { createValkey, hasValkey } from './valkey.ts';

export const STORES = ['postgres', 'valkey', 's3'] as const;
export type StoreName = (typeof STORES)[number];

/** How the product is told where each store is: the names that it reads from its environment. */
interface StoreVariables {
  postgres: 'DATABASE_URL';
  valkey: 'REDIS_URL';
  s3: 'S3_ENDPOINT' | 'S3_BUCKET' | 'S3_REGION' | 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY';
}

export interface StoreOptions<Name extends StoreName> {
  readonly services: readonly Name[];
  /** False: faster, and a power cut (not a crash of the program) may lose data. For tests. */
  readonly durable: boolean;
  /** Web origins whose pages may use presigned URLs. */
  readonly corsOrigins: readonly string[];
  /** Ports that a person insists on. */
  readonly fixedPorts?: Partial<Record<StoreName, PortWish['fixed']>> | undefined;
  /** Told as each store begins to serve. */
  readonly onReady?: ((name: StoreName, tookMs: number) => void) | undefined;
}

export interface Stores<Name extends StoreName = StoreName> {
  readonly env: Readonly<Record<StoreVariables[Name], string>>;
  /** Each can be killed and started again on its own. */
  readonly stores: Readonly<Record<Name, Service>>;
  /** Stops all; nothing of them runs afterwards. */
  stop(): Promise<void>;
}

export interface Stack<Name extends StoreName = StoreName> extends Stores<Name>, AsyncDisposable {
  readonly folder: DataFolder;
}

/**
 * Real stores for a test, a benchmark or a chaos run, on ports and in a data folder of their own.
 * Without `dataDir` the data live in a temporary folder that `stop` deletes, and are not made safe against power loss.
 */
export async function startStack<const Name extends StoreName = StoreName>(
  options: { readonly dataDir?: string } & Partial<StoreOptions<Name>> = {},
): Promise<Stack<Name>> {
  const temporary = options.dataDir === undefined;
  const folder = await openDataFolder(options.dataDir ?? mkdtempSync(join(tmpdir(), 'pixgen-stack-')));
  const close = () => {
    folder.close();
    if (!temporary) return;
    const outside = postgresFolderOutside(folder.path);
    for (const path of [folder.path, ...(outside ? [outside] : [])]) rmSync(path, { recursive: true, force: true });
  };
  try {
    const stores = await startStores(folder, {
      services: options.services ?? (STORES as readonly StoreName[] as readonly Name[]),
      durable: options.durable ?? !temporary,
      corsOrigins: options.corsOrigins ?? ['http://localhost:3000'],
      fixedPorts: options.fixedPorts,
      onReady: options.onReady,
    });
    const stop = () => stores.stop().finally(close);
    return { ...stores, folder, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    close();
    throw error;
  }
}

/** Starts the named stores in an open data folder, all at once. When one fails, the others are stopped again. */
export async function startStores<Name extends StoreName>(
  folder: DataFolder,
  options: StoreOptions<Name>,
): Promise<Stores<Name>> {
  const wanted = new Set<StoreName>(options.services);
  if (wanted.has('s3') || (wanted.has('valkey') && !hasValkey())) await ensurePython(SERVICES_ENVIRONMENT);
  const ports = await choosePorts(folder.join('ports.json'), portWishes(wanted, options.fixedPorts ?? {}));
  const started = new Map<StoreName, Service>();
  const env: Partial<Record<StoreVariables[StoreName], string>> = {};
  const stop = async () => {
    await Promise.all([...started.values()].map((service) => service.stop()));
    releasePorts(Object.values(ports));
  };
  const startOne = async (name: StoreName) => {
    const begunAt = performance.now();
    const { service, variables } = await makers[name](folder, ports, options);
    folder.track(service);
    started.set(name, service);
    await service.start();
    Object.assign(env, variables);
    options.onReady?.(name, performance.now() - begunAt);
  };
  const results = await Promise.allSettled([...wanted].map(startOne));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  return {
    env: env as Record<StoreVariables[Name], string>,
    stores: Object.fromEntries(started) as Record<Name, Service>,
    stop,
  };
}

type Ports = Readonly<Record<'postgres' | 'valkey' | ObjectStorePort, number>>;
interface Made {
  readonly service: Service;
  readonly variables: Partial<Record<StoreVariables[StoreName], string>>;
}

const makers: Record<
  StoreName,
  (folder: DataFolder, ports: Ports, options: StoreOptions<StoreName>) => Promise<Made> | Made
> = {
  postgres: async (folder, { postgres: port }, { durable }) => {
    const { databasePassword: password } = folder.secrets('databasePassword');
    const service = await createPostgres({ folder, port, password, durable });
    return { service, variables: { DATABASE_URL: postgresUrl(port, password) } };
  },
  valkey: (folder, { valkey: port }, { durable }) => {
    const { redisPassword: password } = folder.secrets('redisPassword');
    const service = createValkey({ folder, port, password, durable });
    return { service, variables: { REDIS_URL: `redis://:${password}@127.0.0.1:${port}` } };
  },
  s3: (folder, ports, { durable, corsOrigins }) => {
    const secrets = folder.secrets('s3AccessKeyId', 's3SecretAccessKey', 's3InternalKey');
    const { s3AccessKeyId: accessKeyId, s3SecretAccessKey: secretAccessKey, s3InternalKey: internalKey } = secrets;
    const service = createObjectStore({
      folder,
      ports,
      accessKeyId,
      secretAccessKey,
      internalKey,
      durable,
      corsOrigins,
    });
    return {
      service,
      variables: {
        S3_ENDPOINT: objectStoreEndpoint(ports),
        S3_BUCKET: BUCKET,
        S3_REGION: REGION,
        S3_ACCESS_KEY_ID: accessKeyId,
        S3_SECRET_ACCESS_KEY: secretAccessKey,
      },
    };
  },
};

function portWishes(
  wanted: ReadonlySet<StoreName>,
  fixed: Partial<Record<StoreName, PortWish['fixed']>>,
): Record<keyof Ports, PortWish> {
  const wishes: Partial<Record<keyof Ports, PortWish>> = {};
  if (wanted.has('postgres')) wishes.postgres = { fixed: fixed.postgres };
  if (wanted.has('valkey')) wishes.valkey = { fixed: fixed.valkey };
  if (wanted.has('s3')) {
    for (const name of OBJECT_STORE_PORTS) wishes[name] = {};
    wishes.s3 = { fixed: fixed.s3 };
    wishes.admin = { alsoAtOffset: ADMIN_GRPC_OFFSET };
  }
  return wishes as Record<keyof Ports, PortWish>;
}
