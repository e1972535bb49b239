// temporary: until tools/stack knows the apps' variables
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { prepareDatabase } from './stack/database.ts';
import { baseEnvironment, Service } from './stack/process.ts';
import { startStack } from './stack/stack.ts';

const root = join(import.meta.dirname, '..');
export async function startProduct(options: any): Promise<any> {
  let env = options.environment;
  let own: any;
  mkdirSync(options.dataDir, { recursive: true });
  if (!env.DATABASE_URL) {
    own = await startStack({ dataDir: join(options.dataDir, 'st'), durable: true });
    env = { ...env, ...own.env };
  }
  await prepareDatabase(env.DATABASE_URL);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [api, worker, gpu] = [await getPort(), await getPort(), await getPort()];
  const url = (p: number) => `http://127.0.0.1:${p}`;
  const all = baseEnvironment({
    NODE_ENV: 'production',
    ...env,
    AUTH_MODE: 'local',
    REGISTRATION: 'open',
    GPU_PROFILE: 'nano',
    GPU_API_URL: url(api),
    TICKET_KEY: 'k3J9sLq0ZxW8vB7nM2pR5tY6uI1oA4dF',
    WEB_ORIGIN: 'http://localhost:3000',
    GPU_BACKEND: 'local',
    GPU_SERVER_URL: url(gpu),
    GPU_SERVER_SECRET: 'q8vB7nM2pR5tY6uI1oA4dF33',
    GPU_SERVER_PORT: String(gpu),
    PIXGEN_API_BASE: url(api),
    SESSION_PRIVATE_KEY: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).toString('base64'),
  });
  const make = (name: string, cwd: string, args: string[], port: number, health: string, command = process.execPath) =>
    new Service({
      name,
      command,
      args,
      cwd: join(root, cwd),
      env: { ...all, PORT: String(port) },
      logFile: `/tmp/zz/${name}.log`,
      isReady: async () => (await fetch(url(port) + health)).ok,
      readyDeadlineMs: 60000,
    });
  const services = {
    gpu:
      options.gpu === 'local'
        ? make('gpu', 'gpu', ['server.py'], gpu, '/healthz', join(root, 'gpu/.venv/bin/python'))
        : make('gpu', 'tools/gpu-simulator', ['main.ts'], gpu, '/healthz'),
    api: make('api', 'apps/api', ['src/main.ts'], api, '/readyz'),
    worker: make('worker', 'apps/worker', ['src/main.ts'], worker, '/readyz'),
  };
  const stop = async () => {
    for (const s of Object.values(services)) await s.stop();
    await own?.stop();
  };
  try {
    await Promise.all(Object.values(services).map((s) => s.start()));
  } catch (e) {
    await stop();
    throw e;
  }
  return { apiUrl: url(api), services, stop, failed: new Promise(() => {}), stores: { ...env, GPU_URL: url(gpu) } };
}
