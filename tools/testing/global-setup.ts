/** Gives every test file the addresses of real servers, as `TEST_…` variables. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startPgBouncer } from './pgbouncer.ts';

export async function setup(): Promise<(() => Promise<void>) | undefined> {
  const stopServers = await startServers();
  const program = process.env.TEST_PGBOUNCER;
  if (!program) return stopServers;
  const pgBouncer = await startPgBouncer(
    program,
    process.env.TEST_DATABASE_URL ?? '',
    process.env.TEST_PGBOUNCER_STATEMENTS === 'kept',
  );
  process.env.TEST_PGBOUNCER_URL = pgBouncer.url;
  return async () => {
    await pgBouncer.stop();
    await stopServers?.();
  };
}

async function startServers(): Promise<(() => Promise<void>) | undefined> {
  // A developer may keep servers running and name them; the suite then starts none.
  if (process.env.TEST_DATABASE_URL) return undefined;
  const script = fileURLToPath(new URL('./servers.ts', import.meta.url));
  // A process of its own: the stack's code then runs as it does in `npm start`, not inside the test runner's loader.
  const servers = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(servers, 'exit');
  const [line] = await Promise.race([
    once(createInterface({ input: servers.stdout }), 'line'),
    exited.then(() => {
      throw new Error('The servers for the tests did not start; the reason stands above.');
    }),
  ]);
  for (const [name, value] of Object.entries(JSON.parse(line) as Record<string, string>))
    process.env[`TEST_${name}`] = value;
  return async () => {
    servers.stdin.end();
    await exited;
  };
}
