/**
 * The simulator as a process of its own. Same variables as `gpu/server.py`: GPU_SERVER_HOST, GPU_SERVER_PORT,
 * GPU_SERVER_SECRET, PIXGEN_API_BASE; and SIMULATOR_CONFIG, JSON or the name of a JSON file, and SIMULATOR_RECORD, a
 * folder in which the record survives a kill.
 * Prints one line `gpu-simulator listening on <url>` when it is ready.
 */
import { readFileSync } from 'node:fs';
import { startSimulator } from './simulator.ts';

const given = process.env.SIMULATOR_CONFIG;
const config = given ? JSON.parse(given.trimStart().startsWith('{') ? given : readFileSync(given, 'utf8')) : {};
const simulator = await startSimulator({
  apiBase: process.env.PIXGEN_API_BASE ?? 'http://127.0.0.1:4000',
  host: process.env.GPU_SERVER_HOST ?? '127.0.0.1',
  port: Number(process.env.GPU_SERVER_PORT ?? 4100),
  secret: process.env.GPU_SERVER_SECRET || undefined,
  config,
  recordFolder: process.env.SIMULATOR_RECORD || undefined,
});
console.log(`gpu-simulator listening on ${simulator.url}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.close().then(() => process.exit(0)));
}
