/** Takes jobs off the queues: hands new ones to the GPU, checks and stores what comes back. */
import { createServer } from 'node:http';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { postJson, send } from './http.ts';
import { presign } from './presign.ts';
import { LIVE_CHANNEL, QUEUE_PREFIX, type RawEvent, rawSettings } from './settings.ts';

const settings = rawSettings();
const pool = new Pool({ connectionString: settings.databaseUrl, max: 10 });
const redis = new Redis(settings.redisUrl);
const claimUrl = `http://127.0.0.1:${settings.apiPort}/gpu/claim`;

async function dispatch(jobId: string): Promise<void> {
  await postJson(`http://127.0.0.1:${settings.gpuPort}/submit`, { jobId, claimUrl });
}

async function apply({ jobId, key, sizeBytes }: RawEvent): Promise<void> {
  // As in the product, a job has ended well only when its image is known to be there.
  const { status, length } = await send('HEAD', presign(settings.s3, 'HEAD', key), {}, '');
  if (status !== 200 || length !== sizeBytes) throw new Error(`object of ${jobId}: HTTP ${status}`);
  await pool.query({
    name: 'end',
    text: `UPDATE job SET state = 'succeeded', image_key = $2, ended_at = now() WHERE id = $1`,
    values: [jobId, key],
  });
  await redis.publish(LIVE_CHANNEL, JSON.stringify({ jobId, state: 'succeeded' }));
}

for (const [name, handle] of [
  ['dispatch', (data: { jobId: string }) => dispatch(data.jobId)],
  ['apply', (data: RawEvent) => apply(data)],
] as const) {
  const connection = new Redis(settings.redisUrl, { maxRetriesPerRequest: null });
  const worker = new Worker(name, (job) => handle(job.data), { connection, prefix: QUEUE_PREFIX, concurrency: 50 });
  worker.on('failed', (_job, error) => console.error(error.message));
  worker.on('error', (error) => console.error(error.message));
  await worker.waitUntilReady();
}
// Says that it is ready: nothing else is asked of it over HTTP.
createServer((_request, response) => response.end('ok')).listen(Number(process.env.RAW_WORKER_PORT), '127.0.0.1');
