/** Stands for the GPU: the same HTTP calls and the same PNG as the product's simulator, in a process of its own. */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { drawSimulatedPng } from '../../gpu-simulator/png.ts';
import { postJson, send } from './http.ts';
import { EVENT_KEY, type RawEvent, rawSettings } from './settings.ts';

const settings = rawSettings();

async function work(jobId: string, claimUrl: string): Promise<void> {
  const startedAt = performance.now();
  const { prompt, seed, uploadsUrl, eventsUrl } = JSON.parse(await postJson(claimUrl, { jobId, callId: randomUUID() }));
  const png = drawSimulatedPng(`${prompt}${seed}`, 128, 128);
  const sha256 = createHash('sha256').update(png).digest('base64');
  const upload = JSON.parse(await postJson(uploadsUrl, { jobId, sizeBytes: png.length, sha256 }));
  const stored = await send('PUT', upload.url, upload.headers, png);
  if (stored.status !== 200) throw new Error(`PUT: HTTP ${stored.status}`);
  const gpuMs = Math.round(performance.now() - startedAt);
  // As in the product, the last image comes with the end of its job.
  await sendEvent(eventsUrl, { type: 'succeeded', jobId, key: upload.key, sizeBytes: png.length, gpuMs });
}

async function sendEvent(url: string, event: RawEvent): Promise<void> {
  const id = randomUUID();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const body = JSON.stringify(event);
  const signature = createHmac('sha256', EVENT_KEY).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  await postJson(url, body, headers);
}

createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    text += chunk;
  });
  request.once('end', () => {
    if (request.method !== 'POST') return response.end('ok');
    const { jobId, claimUrl } = JSON.parse(text);
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ callId: jobId }));
    work(jobId, claimUrl).catch((error: Error) => console.error(error.message));
  });
}).listen(settings.gpuPort, '127.0.0.1');
