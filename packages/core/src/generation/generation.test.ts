import { createHash, randomBytes } from 'node:crypto';
import { requestErasure } from '@pixgen/db';
import { type GenerationView, type LiveMessage, newId, type PreviewEvent, type PromptVerdict } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { applyEvents } from '../jobs/apply-events.ts';
import { claimAttempt } from '../jobs/claim-attempt.ts';
import { claimSecret, ticketToken } from '../jobs/gpu-secrets.ts';
import { move } from '../jobs/next-move.ts';
import { receiveGpuEvent } from '../jobs/receive-gpu-event.ts';
import { sweep } from '../sweep/sweep.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { retryGeneration } from './change-generation.ts';
import { getGeneration } from './read-generations.ts';
import { startGeneration } from './start-generation.ts';
import { createReadyModel, signEvent } from './testing.ts';

let test: TestDeps;
let deps: Deps;
let actor: Actor;
let modelId: string;
beforeAll(async () => {
  test = await createTestDeps({ prices: { trainMicroUsd: 0, imageMicroUsd: 1_000 } });
  ({ deps } = test);
  actor = await createActor(deps);
  modelId = await createReadyModel(deps, actor);
});
afterAll(() => test.close());

const order = (prompt: string, changes: object = {}) =>
  ({ modelId, prompt, n: 1, negativePrompt: '', loraWeight: 1, idempotencyKey: newId(), ...changes }) as const;

const account = () =>
  deps.db.prisma.user.findUniqueOrThrow({ where: { id: actor.userId }, select: { heldMicroUsd: true } });

it('refuses a sexual prompt with words that say what to change, before anything is held or written', async () => {
  const before = [
    await account(),
    await deps.db.prisma.generation.count(),
    await deps.db.prisma.idempotencyKey.count(),
  ];
  await expect(startGeneration(deps, actor, order('nude portrait'))).rejects.toMatchObject({
    code: 'PROMPT_REFUSED',
    message: expect.stringContaining('“nude”'),
    fields: [{ path: 'prompt' }],
  });
  const after = [await account(), await deps.db.prisma.generation.count(), await deps.db.prisma.idempotencyKey.count()];
  expect(after).toEqual(before);
});

it('lets a negative prompt name what must not be in the picture', async () => {
  const generation = await startGeneration(deps, actor, order('portrait', { negativePrompt: 'nude, nsfw' }));
  expect(generation.job.state).toBe('queued');
});

it('gives each image the choices of its own seed, stores them made, and draws that image again from what is stored', async () => {
  const prompt = '{red|blue|green} {hat|scarf} in \\{braces\\}, {subject}';
  const { images, prompt: ordered } = await startGeneration(deps, actor, order(prompt, { n: 16, seed: 7 }));
  expect(ordered).toBe(prompt);
  expect(new Set(images.map((image) => image.prompt)).size).toBeGreaterThan(3);
  for (const image of images)
    expect(image.prompt).toMatch(/^(red|blue|green) (hat|scarf) in \\\{braces\\\}, \{subject\}$/);
  expect(images[0]?.compiledPrompt).toMatch(/^(red|blue|green) (hat|scarf) in \{braces\}, sks_\w{6} woman$/);
  const [, , third] = images;
  const again = await startGeneration(deps, actor, order(third?.prompt ?? '', { seed: third?.seed }));
  expect(again.images[0]).toMatchObject({ prompt: third?.prompt, seed: third?.seed });
});

it('judges what is written and what comes of it: no choice hides a word or puts one together', async () => {
  for (const prompt of ['{nude|in the rain}', 'nu{de|de} in the rain'])
    await expect(startGeneration(deps, actor, order(prompt, { n: 1, seed: 1 }))).rejects.toMatchObject({
      code: 'PROMPT_REFUSED',
    });
  await expect(startGeneration(deps, actor, order('{a|b}'.repeat(20)))).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    fields: [{ path: 'prompt' }],
  });
});

it("asks an installation's own filter after the built-in one, which it cannot overrule", async () => {
  const asked: string[] = [];
  const promptFilter = async ({ prompt }: { prompt: string }): Promise<PromptVerdict> => {
    asked.push(prompt);
    return prompt.includes('logo') ? { allowed: false, reason: 'sexual', term: 'logo' } : { allowed: true };
  };
  const own = { ...deps, promptFilter };
  await expect(startGeneration(own, actor, order('naked'))).rejects.toMatchObject({ code: 'PROMPT_REFUSED' });
  await expect(startGeneration(own, actor, order('with a logo'))).rejects.toMatchObject({ code: 'PROMPT_REFUSED' });
  await startGeneration(own, actor, order('in the rain'));
  expect(asked).toEqual(['with a logo', 'in the rain']);
});

async function claimed(generation: GenerationView) {
  const jobId = generation.job.id;
  await deps.jobs.move(move(jobId, 1, 'dispatching'));
  return claimAttempt(deps, { jobId, attempt: 1, token: ticketToken(deps.config.ticketKey, jobId, 1), callId: 'call' });
}

it('orders a draft with few steps unless steps are named, and passes sampler and format on', async () => {
  const draft = await startGeneration(deps, actor, order('rain', { draft: true, format: 'webp' }));
  expect(draft.settings).toMatchObject({ draft: true, steps: 3, scheduler: 'dpmpp-2m-karras', format: 'webp' });
  expect(await claimed(draft)).toMatchObject({ draft: true, steps: 3, scheduler: 'dpmpp-2m-karras', format: 'webp' });
  const named = await startGeneration(deps, actor, order('rain', { draft: true, steps: 5, scheduler: 'ddim' }));
  expect(named.settings).toMatchObject({ draft: true, steps: 5, scheduler: 'ddim', format: 'png' });
  const full = await startGeneration(deps, actor, order('rain'));
  expect(full.settings).toMatchObject({ draft: false, steps: 6, scheduler: 'euler' });
});

/** Of 8 × 8 pixels. */
const TINY_WEBP = 'UklGRjQAAABXRUJQVlA4ICgAAACQAQCdASoIAAgAAUAmJYgCdLoAA5gA/urUf7o2LraXP22YPoLQAAAA';

it('shows previews to open tabs of their owner alone and stores nothing of them', async () => {
  const generation = await startGeneration(deps, actor, order('rain'));
  await claimed(generation);
  const jobId = generation.job.id;
  const seen: LiveMessage[] = [];
  const strange: LiveMessage[] = [];
  const arrived = Promise.withResolvers<void>();
  const stops = [
    await deps.live.follow(actor.userId, (message) => {
      seen.push(message);
      if (message.type === 'preview') arrived.resolve();
    }),
    await deps.live.follow(newId(), (message) => strange.push(message)),
  ];
  const imageId = generation.images[0]?.id ?? '';
  const claim = { jobId, attempt: 1, claimEpoch: 1 };
  const event: PreviewEvent = { type: 'preview', ...claim, images: [{ imageId, webp: TINY_WEBP }] };
  const secret = claimSecret(deps.config.ticketKey, jobId, 1, 1);
  const stored = await deps.db.prisma.gpuEvent.count();
  await receiveGpuEvent(deps, signEvent(secret, event));
  await arrived.promise;
  expect(seen.filter(({ type }) => type === 'preview')).toEqual([
    { type: 'preview', preview: { jobId, attempt: 1, imageId, webp: TINY_WEBP } },
  ]);
  expect(strange).toEqual([]);
  expect(await deps.db.prisma.gpuEvent.count()).toBe(stored);
  expect((await deps.live.readProgress([jobId])).has(jobId)).toBe(false);
  await Promise.all(stops.map((stop) => stop()));
});

/** Ends a claimed attempt with these images drawn and the others failed, and applies that. */
async function drawOnly(generation: GenerationView, jobId: string, drawn: string[], planned: string[]): Promise<void> {
  const claim = { jobId, attempt: 1, claimEpoch: 1 };
  const bytes = Buffer.from('a finished image');
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const images = await Promise.all(
    planned.map(async (imageId) => {
      const key = keys.gpuObject({ userId: actor.userId, ...claim, name: `image-${imageId}.png` });
      if (!drawn.includes(imageId))
        return { imageId, result: { status: 'failed', code: 'GPU_OUT_OF_MEMORY', safety: null } as const };
      await deps.storage.write(key, bytes, 'image/png');
      const file = { key, sizeBytes: bytes.length, sha256, width: 128, height: 128, gpuMs: 1, safety: null };
      return { imageId, result: { status: 'succeeded', ...file } as const };
    }),
  );
  const event = { type: 'succeeded', ...claim, gpuMs: 1, training: null, images } as const;
  const { id } = await deps.db.prisma.gpuEvent.create({
    data: { jobId, webhookId: newId(), attempt: 1, claimEpoch: 1, payload: event },
  });
  await applyEvents(deps, [String(id)]);
  expect((await getGeneration(deps, actor, { id: generation.id })).job.state).toBe('succeeded');
}

it.each(['DELETED', 'TAKEN_DOWN'])(
  'retries of an order whose picture is gone for good (%s) only what else is missing',
  async (code) => {
    const spent = async () =>
      Number((await deps.db.prisma.user.findUniqueOrThrow({ where: { id: actor.userId } })).spentMicroUsd);
    const generation = await startGeneration(deps, actor, order('rain', { n: 3 }));
    const [gone, kept, missing] = generation.images.map(({ id }) => id) as [string, string, string];
    await claimed(generation);
    await drawOnly(generation, generation.job.id, [gone, kept], [gone, kept, missing]);
    if (code === 'DELETED') {
      await deps.db.prisma.image.update({
        where: { id: gone },
        data: { deletedAt: new Date(Date.now() - 40 * 86_400_000) },
      });
      await sweep(deps);
    } else {
      const request = { kind: 'image', userId: actor.userId, targetId: gone, requestedBy: 'operator' } as const;
      await requestErasure(deps.db, { ...request, codeHash: randomBytes(32).toString('hex') });
    }
    expect(await deps.db.prisma.image.findUnique({ where: { id: gone } })).toMatchObject({ failureCode: code });

    expect((await getGeneration(deps, actor, { id: generation.id })).counts).toEqual({
      planned: 2,
      ready: 1,
      failed: 1,
    });
    const before = { held: (await account()).heldMicroUsd, spent: await spent() };
    const again = await retryGeneration(deps, actor, { id: generation.id, idempotencyKey: newId() });
    expect((await account()).heldMicroUsd - before.held).toBe(1_000n);
    expect(await claimed(again)).toMatchObject({ images: [{ imageId: missing }] });
    await drawOnly(again, again.job.id, [missing], [missing]);
    expect({ held: (await account()).heldMicroUsd, spent: await spent() }).toEqual({
      held: before.held,
      spent: before.spent + 1_000,
    });

    expect((await getGeneration(deps, actor, { id: generation.id })).counts).toEqual({
      planned: 2,
      ready: 2,
      failed: 0,
    });
    const none = retryGeneration(deps, actor, { id: generation.id, idempotencyKey: newId() });
    await expect(none).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect((await account()).heldMicroUsd).toBe(before.held);
  },
);

it('refuses to retry an order that failed and of which nothing is left to be drawn', async () => {
  const generation = await startGeneration(deps, actor, order('rain'));
  await claimed(generation);
  await deps.jobs.move(move(generation.job.id, 1, 'failed', { cause: 'GPU_INTERNAL' }));
  const [image] = generation.images;
  await deps.db.prisma.image.create({
    data: {
      ...{ id: image?.id ?? '', userId: actor.userId, modelId, generationId: generation.id, position: 0, seed: 1n },
      ...{ state: 'failed', failureCode: 'DELETED', prompt: 'rain', compiledPrompt: 'rain', width: 0, height: 0 },
      deletedAt: new Date(0),
    },
  });
  const none = retryGeneration(deps, actor, { id: generation.id, idempotencyKey: newId() });
  await expect(none).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
});
