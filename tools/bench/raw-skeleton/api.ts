/** HTTP in, rows and queue jobs out; the live stream from Redis to one raw SSE response per subscriber. */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Queue } from 'bullmq';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { presign } from './presign.ts';
import { API_KEY, EVENT_KEY, JOB_OPTIONS, LIVE_CHANNEL, QUEUE_PREFIX, type RawEvent, rawSettings } from './settings.ts';

const settings = rawSettings();
const pool = new Pool({ connectionString: settings.databaseUrl, max: 10 });
const redis = new Redis(settings.redisUrl, { maxRetriesPerRequest: null });
const dispatch = new Queue('dispatch', { connection: redis, prefix: QUEUE_PREFIX });
const apply = new Queue('apply', { connection: redis, prefix: QUEUE_PREFIX });
const base = `http://127.0.0.1:${settings.apiPort}`;
const app = Fastify();
app.get('/health', () => 'ok');

app.post<{ Body: { prompt: string; seed: number } }>('/jobs', async (request, reply) => {
  if (request.headers.authorization !== `Bearer ${API_KEY}`) return reply.code(401).send();
  const jobId = randomUUID();
  const { prompt, seed } = request.body;
  await pool.query({
    name: 'insert',
    text: `INSERT INTO job (id, prompt, seed, state) VALUES ($1, $2, $3, 'queued')`,
    values: [jobId, prompt, seed],
  });
  await dispatch.add('dispatch', { jobId }, { jobId, ...JOB_OPTIONS });
  return { jobId };
});

app.post<{ Body: { jobId: string; callId: string } }>('/gpu/claim', async (request, reply) => {
  const { rows } = await pool.query({
    name: 'claim',
    text: `UPDATE job SET state = 'running', call_id = $2 WHERE id = $1 AND call_id IS NULL RETURNING prompt, seed`,
    values: [request.body.jobId, request.body.callId],
  });
  if (rows.length === 0) return reply.code(409).send();
  return { ...rows[0], uploadsUrl: `${base}/gpu/uploads`, eventsUrl: `${base}/webhooks/gpu` };
});

app.post<{ Body: { jobId: string; sizeBytes: number; sha256: string } }>('/gpu/uploads', (request) => {
  const { jobId, sizeBytes, sha256 } = request.body;
  const headers = { 'content-type': 'image/png', 'x-amz-checksum-sha256': sha256 };
  const key = `raw/${jobId}.png`;
  return { url: presign(settings.s3, 'PUT', key, { ...headers, 'content-length': String(sizeBytes) }), headers, key };
});

app.register(async (hooks) => {
  hooks.removeAllContentTypeParsers();
  hooks.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  hooks.post<{ Body: string }>('/webhooks/gpu', async (request, reply) => {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers;
    const expected = createHmac('sha256', EVENT_KEY).update(`${id}.${timestamp}.${request.body}`).digest('base64');
    const given = Buffer.from(String(signature));
    const wanted = Buffer.from(`v1,${expected}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return reply.code(401).send();
    const event: RawEvent = JSON.parse(request.body);
    await apply.add(event.type, event, { jobId: String(id), ...JOB_OPTIONS });
    return reply.code(202).send();
  });
});

const subscribers = new Set<ServerResponse>();
app.get('/live', (_request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
  reply.raw.write(':\n\n');
  subscribers.add(reply.raw);
  reply.raw.once('close', () => subscribers.delete(reply.raw));
});
const listener = new Redis(settings.redisUrl);
listener.on('message', (_channel, text) => {
  for (const subscriber of subscribers) subscriber.write(`data: ${text}\n\n`);
});
await listener.subscribe(LIVE_CHANNEL);
await app.listen({ host: '127.0.0.1', port: settings.apiPort });
