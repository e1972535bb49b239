/** The two things compared, each as the same three processes on the same stores: api, worker, gpu. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPixgenClient } from '@pixgen/trpc/client';
import getPort from 'get-port';
import { Client } from 'pg';
import { obtainApiKey } from '../demo/account.ts';
import { createModel, trainModel } from '../demo/main-job.ts';
import { samplePhotos } from '../demo/photos.ts';
import { baseEnvironment, Service } from '../stack/process.ts';
import { startProduct } from '../stack/product.ts';
import { silentStep } from '../stack/steps.ts';
import type { Target } from './load-client.ts';
import { API_KEY, SCHEMA } from './raw-skeleton/settings.ts';

export type Side = {
  name: 'raw' | 'product';
  target: Target;
  /** Whose commits are counted. */
  database: string;
  pids: { api: number; worker: number; gpu: number };
  /** Stops the processes' clocks while the other side is measured: an idle program must not slow its rival. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
};

export type StoreEnv = Readonly<Record<string, string>>;
const RAW_DATABASE = 'raw_skeleton';

export async function startRawSide(stores: StoreEnv, logFolder: string): Promise<Side> {
  const databaseUrl = new URL(stores.DATABASE_URL ?? '');
  await makeRawDatabase(databaseUrl.href);
  databaseUrl.pathname = `/${RAW_DATABASE}`;
  const [apiPort, gpuPort, workerPort] = [await getPort(), await getPort(), await getPort()];
  const env = baseEnvironment({
    ...stores,
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl.href,
    RAW_API_PORT: String(apiPort),
    RAW_GPU_PORT: String(gpuPort),
    RAW_WORKER_PORT: String(workerPort),
  });
  const service = (name: string, port: number) =>
    new Service({
      name: `raw ${name}`,
      command: process.execPath,
      args: [`${name}.ts`],
      cwd: fileURLToPath(new URL('raw-skeleton', import.meta.url)),
      env,
      logFile: join(logFolder, `raw-${name}.log`),
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
    });
  const api = service('api', apiPort);
  const worker = service('worker', workerPort);
  const gpu = service('fake-gpu', gpuPort);
  const stop = async () => void (await Promise.all([api, worker, gpu].map((one) => one.stop())));
  await Promise.all([api, worker, gpu].map((one) => one.start())).catch(async (error) => {
    await stop();
    throw error;
  });
  const target: Target = {
    startUrl: `http://127.0.0.1:${apiPort}/jobs`,
    liveUrl: `http://127.0.0.1:${apiPort}/live`,
    headers: { authorization: `Bearer ${API_KEY}` },
    body: '{"prompt":"a portrait in the rain, number {n}","seed":{n}}',
    jobIdPath: 'jobId',
    live: { jobIdPath: 'jobId', statePath: 'state' },
  };
  return { name: 'raw', target, database: RAW_DATABASE, ...controls({ api, worker, gpu }), stop };
}

async function makeRawDatabase(url: string): Promise<void> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${RAW_DATABASE}`);
  await admin.query(`CREATE DATABASE ${RAW_DATABASE}`);
  await admin.end();
  const own = new URL(url);
  own.pathname = `/${RAW_DATABASE}`;
  const client = new Client({ connectionString: own.href });
  await client.connect();
  await client.query(SCHEMA);
  await client.end();
}

/** The product as `npm start` runs it, with the simulator for a GPU, and a model that was trained through its API. */
export async function startProductSide(stores: StoreEnv, dataDir: string): Promise<Side> {
  const product = await startProduct({
    dataDir,
    gpu: 'simulator',
    web: false,
    webPort: {},
    environment: { ...stores, LOG_LEVEL: 'warn', GPU_PROFILE: 'nano' },
    step: silentStep,
    onTrouble: (line) => console.error(line),
  });
  try {
    const apiKey = await obtainApiKey(product.apiUrl, 'bench');
    const client = createPixgenClient({ baseUrl: product.apiUrl, apiKey });
    const model = await createModel(client, { name: 'Bench', classWord: 'toy' }, samplePhotos('robot'), () => {});
    await trainModel(client, { modelId: model.id, preset: 'fast' }, () => {});
    const order = { modelId: model.id, prompt: 'a portrait in the rain, number {n}', n: 1 };
    const target: Target = {
      startUrl: `${product.apiUrl}/trpc/generation.start`,
      liveUrl: `${product.apiUrl}/trpc/jobs.live?input=%7B%7D`,
      headers: { authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ ...order, idempotencyKey: 'bench-{run}-{n}' }),
      jobIdPath: 'result.data.job.id',
      live: { jobIdPath: 'event.jobId', statePath: 'event.type' },
    };
    const { api, worker, gpu } = product.services;
    if (!api || !worker || !gpu) throw new Error('the product runs without one of api, worker, gpu');
    const database = new URL(stores.DATABASE_URL ?? '').pathname.slice(1);
    return { name: 'product', target, database, ...controls({ api, worker, gpu }), stop: () => product.stop() };
  } catch (error) {
    await product.stop();
    throw error;
  }
}

function controls(services: { api: Service; worker: Service; gpu: Service }): Pick<Side, 'pids' | 'freeze' | 'thaw'> {
  const pidOf = (service: Service): number => {
    if (service.pid === undefined) throw new Error(`${service.name} does not run; see ${service.logFile}`);
    return service.pid;
  };
  const all = Object.values(services);
  return {
    pids: { api: pidOf(services.api), worker: pidOf(services.worker), gpu: pidOf(services.gpu) },
    freeze: () => void all.map((service) => service.kill('SIGSTOP')),
    thaw: () => void all.map((service) => service.kill('SIGCONT')),
  };
}

/** What the numbers were measured on, for the report. */
export function machineLine(): string {
  const model = spawnSync('sh', ['-c', 'grep -m1 "model name" /proc/cpuinfo | cut -d: -f2'], { encoding: 'utf8' });
  return `${navigator.hardwareConcurrency} × ${model.stdout.trim() || 'unknown CPU'}, Node ${process.version}`;
}
