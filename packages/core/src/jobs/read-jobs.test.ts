import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { runPack, startGeneration } from '../generation/start-generation.ts';
import { createReadyModel } from '../generation/testing.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { startTraining } from '../training/start-training.ts';
import { createTrainableModel } from '../training/testing.ts';
import { getJob, listJobs } from './read-jobs.ts';

let test: TestDeps;
let deps: Deps;
let actor: Actor;
beforeAll(async () => {
  test = await createTestDeps();
  ({ deps } = test);
  actor = await createActor(deps);
});
afterAll(() => test.close());

it('names each job by its model, its pack or its prompt, with as many statements for many jobs as for few', async () => {
  const drawn = await createReadyModel(deps, actor);
  const trained = await createTrainableModel(deps, actor);
  const order = { modelId: drawn, n: 1, negativePrompt: '', loraWeight: 1 };
  const pictures = (prompt: string) => startGeneration(deps, actor, { ...order, prompt, idempotencyKey: newId() });
  await startTraining(deps, actor, { modelId: trained, preset: 'fast', overrides: {}, idempotencyKey: newId() });
  await runPack(deps, actor, { ...order, slug: 'cinematic-portraits', idempotencyKey: newId() });
  await pictures('{subject} in the rain');

  const connection = await deps.db.pool.connect();
  const statements = vi.spyOn(Object.getPrototypeOf(connection), 'query');
  connection.release();
  const { items } = await listJobs(deps, actor, { limit: 50 });
  const few = statements.mock.calls.length;
  expect(items.map(({ kind, title, modelId }) => [kind, title, modelId])).toEqual([
    ['generate', '{subject} in the rain', drawn],
    ['generate', 'Cinematic Portraits', drawn],
    ['train', 'Rex', trained],
  ]);
  const [{ id } = { id: '' }] = items;
  expect(await getJob(deps, actor, { id })).toMatchObject({ title: '{subject} in the rain', modelId: drawn });

  for (const word of ['one', 'two', 'three', 'four', 'five']) await pictures(word);
  statements.mockClear();
  expect((await listJobs(deps, actor, { limit: 50 })).items).toHaveLength(8);
  expect(statements.mock.calls.length).toBe(few);
  statements.mockRestore();
});
