/** Replacing the ticket key while GPUs are at work. */
import { type FailedEvent, type GenerationView, newId } from '@pixgen/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { createReadyModel, signEvent } from '../generation/testing.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { claimAttempt } from './claim-attempt.ts';
import { claimSecret, ticketToken } from './gpu-secrets.ts';
import { grantUpload, MAX_GRANTS } from './grant-upload.ts';
import { move } from './next-move.ts';
import { receiveGpuEvent } from './receive-gpu-event.ts';

const OLD = 'the key of last year, of more than 32 bytes';
const NEW = 'the key of this year, of more than 32 bytes';
const SHA256 = `${'A'.repeat(43)}=`;

let test: TestDeps;
let actor: Actor;
let modelId: string;
/** The same stores with other keys: the API before, during and after a rotation. */
const withKeys = (ticketKey: string, previousTicketKey: string | null): Deps => ({
  ...test.deps,
  config: { ...test.deps.config, ticketKey, previousTicketKey },
});
beforeAll(async () => {
  test = await createTestDeps();
  actor = await createActor(test.deps);
  modelId = await createReadyModel(test.deps, actor);
});
afterAll(() => test.close());

async function dispatched(): Promise<GenerationView> {
  const order = { modelId, prompt: 'rain', n: 1, negativePrompt: '', loraWeight: 1, idempotencyKey: newId() };
  const generation = await startGeneration(test.deps, actor, order);
  await test.deps.jobs.move(move(generation.job.id, 1, 'dispatching'));
  return generation;
}

const claim = (deps: Deps, jobId: string, key: string) =>
  claimAttempt(deps, { jobId, attempt: 1, token: ticketToken(key, jobId, 1), callId: 'call' });

const upload = (deps: Deps, jobId: string, key: string, claimEpoch: number) =>
  grantUpload(deps, {
    jobId,
    attempt: 1,
    token: ticketToken(key, jobId, 1),
    claimEpoch,
    purpose: 'image',
    imageId: newId(),
    step: null,
    contentType: 'image/png',
    sizeBytes: 1,
    sha256: SHA256,
  });

/** @param id the same one makes a repetition */
function sendFailed(deps: Deps, claimed: { jobId: string; claimEpoch: number; signingSecret: string }, id = newId()) {
  const { jobId, claimEpoch, signingSecret } = claimed;
  const claim = { jobId, attempt: 1, claimEpoch };
  const event: FailedEvent = { type: 'failed', ...claim, gpuMs: 1, code: 'GPU_INTERNAL', retryable: false };
  return receiveGpuEvent(deps, signEvent(signingSecret, event, id));
}

it('lets work go on that was dispatched or claimed with the key before, and makes new secrets with the current one', async () => {
  const { id: jobId } = (await dispatched()).job;
  const before = await claim(withKeys(OLD, null), jobId, OLD);
  const during = withKeys(NEW, OLD);
  await upload(during, jobId, OLD, before.claimEpoch);
  await sendFailed(during, before);
  // A restarted call still has its old ticket.
  const again = await claim(during, jobId, OLD);
  expect(again.signingSecret).toBe(claimSecret(NEW, jobId, 1, again.claimEpoch));
  await upload(during, jobId, OLD, again.claimEpoch);
  await sendFailed(during, again);
});

it('lets one API process have the new key before the others use it', async () => {
  const { id: jobId } = (await dispatched()).job;
  const claimed = await claim(withKeys(NEW, OLD), jobId, NEW);
  await sendFailed(withKeys(OLD, NEW), claimed);
  await upload(withKeys(OLD, NEW), jobId, NEW, claimed.claimEpoch);
});

it('refuses tickets, uploads and events of a key that was removed', async () => {
  const { id: jobId } = (await dispatched()).job;
  const claimed = await claim(withKeys(OLD, null), jobId, OLD);
  const after = withKeys(NEW, null);
  await expect(claim(after, jobId, OLD)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  await expect(upload(after, jobId, OLD, claimed.claimEpoch)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  await expect(sendFailed(after, claimed)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
});

it('accepts an event again that it accepted before, also when the job has ended since; a new one is told to stop', async () => {
  const deps = withKeys(NEW, null);
  const { id: jobId } = (await dispatched()).job;
  const claimed = await claim(deps, jobId, NEW);
  await sendFailed(deps, claimed, 'msg_once');
  await deps.jobs.move(move(jobId, 1, 'failed', { cause: 'GPU_INTERNAL' }));
  await sendFailed(deps, claimed, 'msg_once');
  await expect(sendFailed(deps, claimed, 'msg_new')).rejects.toMatchObject({ code: 'GONE' });
  expect(await deps.db.prisma.gpuEvent.count({ where: { jobId } })).toBe(1);
});

it('grants a claim as many uploads as its work can need, and a holder of its ticket no more', async () => {
  const deps = withKeys(NEW, null);
  const { id: jobId } = (await dispatched()).job;
  const { claimEpoch } = await claim(deps, jobId, NEW);
  for (let count = 0; count < MAX_GRANTS.generate; count += 1) await upload(deps, jobId, NEW, claimEpoch);
  await expect(upload(deps, jobId, NEW, claimEpoch)).rejects.toMatchObject({ code: 'GONE' });
  // The next claim of the same attempt begins anew.
  const again = await claim(deps, jobId, NEW);
  await upload(deps, jobId, NEW, again.claimEpoch);
});
