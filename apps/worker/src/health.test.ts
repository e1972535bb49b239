import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Deps } from '@pixgen/core';
import type { FastifyInstance } from 'fastify';
import { expect, it } from 'vitest';
import { createHealthServer } from './health.ts';
import type { RunningWorker } from './worker.ts';

const failing = async () => {
  throw new Error('canary at postgres://pixgen:canary@10.0.0.7/pixgen');
};
const deps = {
  db: { pool: { query: failing } },
  live: { ping: failing },
  storage: { ping: failing },
} as unknown as Deps;
const worker: RunningWorker = {
  lastPassAgeMs: () => null,
  stuckQueue: () => null,
  gpu: { name: 'local', circuit: () => 'closed' },
  stop: async () => {},
};

it('the worker answers two questions about itself, the same to everybody, and nothing else', async () => {
  const routes: string[] = [];
  const note = (message: unknown) =>
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const name of [method].flat()) routes.push(`${name} ${url}`);
    });
  subscribe('fastify.initialization', note);
  const app = createHealthServer(deps, worker);
  unsubscribe('fastify.initialization', note);
  await app.ready();
  expect(routes.filter((route) => !route.startsWith('HEAD ')).toSorted()).toEqual(['GET /healthz', 'GET /readyz']);
  for (const url of ['/healthz', '/readyz']) {
    const answers = await Promise.all(
      [{}, { authorization: 'Bearer of-an-admin' }].map((headers) => app.inject({ url, headers })),
    );
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
    for (const { body } of answers) expect(body).not.toMatch(/canary|10\.0\.0\.7/);
  }
  expect((await app.inject('/readyz')).json()).toMatchObject({ database: false, redis: false, storage: false });
  for (const url of ['/', '/metrics', '/admin/queues']) expect((await app.inject(url)).statusCode).toBe(404);
  await app.close();
});
