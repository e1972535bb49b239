/** Gives every test file the addresses of real servers, as `TEST_…` variables. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export async function setup(): Promise<(() => Promise<void>) | undefined> {
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
