/** Claims that a test holds in the place of a GPU: real jobs of the real product, which nobody else works on. */
import { createHash } from 'node:crypto';
import { ticketToken } from '@pixgen/core';
import { type GenerateOrder, newId, type StoredObject, uploadAnswer, workOrder } from '@pixgen/domain';
import type { Person, Product } from '../testing/product.ts';
import { until } from '../testing/studio.ts';

export type HeldClaim = { jobId: string; order: GenerateOrder; token: string };

/** Lets jobs wait for a GPU, so that whoever has the ticket key can claim them. */
export function holdJobs(product: Product): void {
  product.simulator.control({ capacity: 0 });
}

/** Orders `images` images and claims the job `epochs` times; what comes back is the newest claim. */
export async function holdClaim(
  product: Product,
  person: Person,
  options: { modelId: string; ticketKey: string; images: number; epochs?: number },
): Promise<HeldClaim> {
  const { modelId, ticketKey, images, epochs = 1 } = options;
  const order = { modelId, prompt: 'rain', n: images, idempotencyKey: newId() };
  const { job } = await person.client.generation.start.mutate(order);
  await until(
    () => person.client.jobs.get.query({ id: job.id }),
    (view) => view.state === 'dispatching',
  );
  const token = ticketToken(ticketKey, job.id, 1);
  const claim = async () =>
    workOrder.parse(await post(product.apiUrl, '/gpu/claim', { jobId: job.id, attempt: 1, token, callId: 'held' }));
  let claimed = await claim();
  for (let epoch = 1; epoch < epochs; epoch += 1) claimed = await claim();
  if (claimed.kind !== 'generate') throw new Error('the job is no generation');
  return { jobId: job.id, order: claimed, token };
}

/** Stores an image as the GPU would: asks for a URL and puts the bytes there. */
export async function uploadImage(product: Product, claim: HeldClaim, imageId: string): Promise<StoredObject> {
  const bytes = Buffer.from(`image ${imageId}`);
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const { jobId, token, order } = claim;
  const answer = uploadAnswer.parse(
    await post(product.apiUrl, '/gpu/uploads', {
      jobId,
      token,
      attempt: 1,
      claimEpoch: order.claimEpoch,
      purpose: 'image',
      imageId,
      step: null,
      contentType: 'image/png',
      sizeBytes: bytes.length,
      sha256,
    }),
  );
  const stored = await fetch(answer.url, { method: 'PUT', headers: answer.headers, body: new Uint8Array(bytes) });
  if (!stored.ok) throw new Error(`the store answered ${stored.status} to an image`);
  return { key: answer.key, sizeBytes: bytes.length, sha256 };
}

async function post(apiUrl: string, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(apiUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
