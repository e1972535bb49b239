import type { LiveMessage } from '@pixgen/domain';
import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { createReadyModel } from '../generation/testing.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { followLive } from './follow-live.ts';

let test: TestDeps;
let deps: Deps;
let actor: Actor;
beforeAll(async () => {
  test = await createTestDeps();
  ({ deps } = test);
  actor = await createActor(deps);
});
afterAll(() => test.close());

it('tells what was said while its connection broke and came back between two looks', { timeout: 30_000 }, async () => {
  let breaks = 0;
  // Nothing that is published arrives, and each look finds a connection that stands.
  const live = { ...deps.live, follow: async () => async () => undefined, connected: () => true, breaks: () => breaks };
  const ending = new AbortController();
  const messages = followLive({ ...deps, live }, actor, { lastEventId: null, signal: ending.signal });
  expect((await messages.next()).value).toMatchObject({ type: 'hello' });
  const modelId = await createReadyModel(deps, actor);
  const order = { modelId, prompt: 'rain', n: 1, negativePrompt: '', loraWeight: 1, idempotencyKey: newId() };
  const { job } = await startGeneration(deps, actor, order);
  breaks += 1;
  const { value } = await messages.next();
  expect(value as LiveMessage).toMatchObject({ type: 'event', event: { jobId: job.id, type: 'queued' } });
  ending.abort();
  await messages.return();
});
