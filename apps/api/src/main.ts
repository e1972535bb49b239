import { createLogger } from '@pixgen/core';
import { createApp } from './app.ts';
import { BadEnvironment, readEnv } from './env.ts';
import { createServices } from './services.ts';

/** What is under way may end; after this the process goes anyway. */
const DRAIN_MS = 30_000;

async function main(): Promise<void> {
  const env = readEnv(process.env);
  const log = createLogger(env.LOG_LEVEL);
  const services = await createServices(env, log);
  const app = await createApp(services);

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), DRAIN_MS).unref();
    await app.close();
    await services.close();
    log.info({}, 'stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

  const address = await app.listen({ host: env.HOST, port: env.PORT });
  log.info({ address, authMode: env.AUTH_MODE }, 'listening');
}

main().catch((error: unknown) => {
  const text = error instanceof BadEnvironment ? error.message : `The API cannot start: ${String(error)}`;
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
