/** A worker whose GPU client kills the process at one job; run as a process of its own by `poison.test.ts`. */
import { type ConnectOptions, connectDeps, withCircuitBreaker } from '@pixgen/core';
import { connectRedis } from '@pixgen/queue';
import { startWorker } from './worker.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const { poison, ...options } = JSON.parse(process.argv[2] ?? '{}') as Omit<ConnectOptions, 'log'> & { poison: string };
const { deps } = connectDeps({ ...options, log: SILENT });
const gpu = withCircuitBreaker(
  {
    name: 'poison',
    async submit({ jobId }) {
      if (jobId === poison) process.kill(process.pid, 'SIGKILL');
      return { callId: `call-${jobId}` };
    },
    status: async () => ({ state: 'pending' }),
    cancel: async () => {},
    close: async () => {},
  },
  SILENT,
);
startWorker(deps, gpu, () => connectRedis(options.redisUrl, 'worker', () => {}), {
  stuckAfterMs: 60_000,
  onStuck: () => {},
  deleteIdentity: null,
});
