import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { DataFolder } from './data-folder.ts';
import { PlainError } from './plain-error.ts';
import { baseEnvironment, Service } from './process.ts';
import { SERVICES_ENVIRONMENT } from './python.ts';

/** SeaweedFS is several servers in one process; each has an HTTP and a gRPC port. Only `s3` is for us. */
export const OBJECT_STORE_PORTS = [
  's3',
  's3Grpc',
  'master',
  'masterGrpc',
  'volume',
  'volumeGrpc',
  'filer',
  'filerGrpc',
  'admin',
] as const;

export type ObjectStorePort = (typeof OBJECT_STORE_PORTS)[number];

/** Where SeaweedFS's own maintenance worker looks for the admin server's gRPC port, whatever it is told. */
export const ADMIN_GRPC_OFFSET = 10_000;

/**
 * The parts agree on who locks what about a second after they start; a request that comes before hangs for twenty seconds. A new
 * one finds the agreement.
 */
const REQUEST_TIMEOUT_MS = 500;

export const BUCKET = 'pixgen';
export const REGION = 'us-east-1';

export interface ObjectStoreOptions {
  readonly folder: DataFolder;
  readonly ports: Readonly<Record<ObjectStorePort, number>>;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Guards the inner servers, which would otherwise let any program of this machine read every object. */
  readonly internalKey: string;
  /** False for tests: stopped without ceremony. */
  readonly durable: boolean;
  /** Web origins whose pages may PUT and GET presigned URLs. */
  readonly corsOrigins: readonly string[];
}

/** SeaweedFS on loopback ports, ready once the bucket exists, lets our pages in, and has stored an object. */
export function createObjectStore(options: ObjectStoreOptions): Service {
  const { folder, ports, internalKey, durable } = options;
  const dataFolder = folder.join('objects');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const identitiesFile = join(dataFolder, 'identities.json');
  writeFileSync(identitiesFile, JSON.stringify(identities(options)), { mode: 0o600 });
  // Written by the server from its arguments and read back as defaults: ours are always complete, and ports change.
  rmSync(join(dataFolder, 'mini.options'), { force: true });
  return new Service({
    name: 'object store',
    command: findWeed(),
    // `mini` starts its parts in order and is ready in 0.7 s; `server` takes 4 s, 17 s the second time, and 15 s to stop.
    args: ['-logtostderr=true', '-v=0', 'mini', ...settings(dataFolder, identitiesFile, ports)],
    cwd: dataFolder,
    env: baseEnvironment({
      WEED_JWT_SIGNING_KEY: internalKey,
      WEED_JWT_SIGNING_READ_KEY: internalKey,
      WEED_JWT_FILER_SIGNING_KEY: internalKey,
      WEED_JWT_FILER_SIGNING_READ_KEY: internalKey,
    }),
    logFile: folder.join('logs', 'object-store.log'),
    // A stop takes a second; data that are deleted right afterwards need none.
    stopSignal: durable ? 'SIGTERM' : 'SIGKILL',
    stopDeadlineMs: 5_000,
    isReady: async () => ((await lostStartRace(ports)) ? 'start again' : prepareBucket(options)),
  });
}

export function objectStoreEndpoint(ports: Readonly<Record<ObjectStorePort, number>>): string {
  return `http://127.0.0.1:${ports.s3}`;
}

function settings(
  dataFolder: string,
  identitiesFile: string,
  ports: Readonly<Record<ObjectStorePort, number>>,
): string[] {
  return [
    `-dir=${dataFolder}`,
    '-ip=127.0.0.1',
    '-ip.bind=127.0.0.1',
    `-s3.port=${ports.s3}`,
    `-s3.port.grpc=${ports.s3Grpc}`,
    '-s3.port.iceberg=0',
    '-s3.port.lance=0',
    '-s3.iam=false',
    '-s3.autoCreateBucket=false',
    `-s3.config=${identitiesFile}`,
    `-master.port=${ports.master}`,
    `-master.port.grpc=${ports.masterGrpc}`,
    // Otherwise the coordinator remembers that there are disks and may wait fifteen seconds for all of them; ours is the only one.
    '-master.resumeState=false',
    '-master.telemetry=false',
    '-master.volumeSizeLimitMB=1024',
    `-volume.port=${ports.volume}`,
    `-volume.port.grpc=${ports.volumeGrpc}`,
    '-volume.preStopSeconds=0',
    `-filer.port=${ports.filer}`,
    `-filer.port.grpc=${ports.filerGrpc}`,
    '-filer.allowedOrigins=http://127.0.0.1',
    '-admin.ui=false',
    `-admin.port=${ports.admin}`,
    `-admin.port.grpc=${ports.admin + ADMIN_GRPC_OFFSET}`,
    '-webdav=false',
  ];
}

function identities({ accessKeyId, secretAccessKey }: ObjectStoreOptions): unknown {
  const credentials = [{ accessKey: accessKeyId, secretKey: secretAccessKey }];
  return { identities: [{ name: 'pixgen', credentials, actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'] }] };
}

function findWeed(): string {
  const weed = join(SERVICES_ENVIRONMENT.folder, 'bin/weed');
  if (existsSync(weed)) return weed;
  throw new PlainError(
    'No embedded object store: its Python environment is not installed. Install Python 3.11 or newer, or set S3_ENDPOINT, S3_BUCKET and the S3 keys.',
  );
}

/**
 * The disk part reports to the coordinating part once, and when that is not yet its own leader (a race of milliseconds, lost in
 * one start of four) only again after five seconds or more. Starting anew takes less than one.
 */
async function lostStartRace({ s3, master }: Readonly<Record<ObjectStorePort, number>>): Promise<boolean> {
  const serving = await fetch(`http://127.0.0.1:${s3}/healthz`);
  if (!serving.ok) return false;
  const answer = await fetch(`http://127.0.0.1:${master}/dir/status`);
  const status = (await answer.json()) as { Topology?: { DataCenters?: readonly unknown[] | null } };
  return (status.Topology?.DataCenters ?? []).length === 0;
}

/** The server answers before its disk part has joined; only a stored object proves that photos can be stored. */
async function prepareBucket({
  ports,
  accessKeyId,
  secretAccessKey,
  corsOrigins,
}: ObjectStoreOptions): Promise<boolean> {
  const client = new S3Client({
    endpoint: objectStoreEndpoint(ports),
    region: REGION,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  });
  const within = () => ({ abortSignal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }), within()).catch((error: unknown) => {
      if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
    });
    const CORSRules = [
      {
        AllowedOrigins: [...corsOrigins],
        AllowedMethods: ['GET', 'HEAD', 'PUT'],
        AllowedHeaders: ['*'],
        ExposeHeaders: ['ETag'],
      },
    ];
    await client.send(new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration: { CORSRules } }), within());
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'ready', Body: 'ready' }), within());
    return true;
  } finally {
    client.destroy();
  }
}
