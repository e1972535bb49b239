/** Steps of the main job, as a program does them through the typed client. */
import { CONSENT, FINAL_STATES, type JobState, newId } from '@pixgen/domain';
import sharp from 'sharp';
import type { Person } from './product.ts';

/** A small photo that looks different for each number: the check refuses what looks the same. */
export async function drawPhoto(number: number): Promise<Buffer> {
  let state = number + 1;
  // Lehmer's generator: the same photo for the same number, everywhere.
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let count = 0; count < 8; count += 1) random(1);
  const shapes = Array.from({ length: 24 }, () => {
    const at = `cx="${random(320)}" cy="${random(320)}" rx="${20 + random(50)}" ry="${20 + random(50)}"`;
    return `<ellipse ${at} fill="hsl(${random(360)} 70% ${20 + random(65)}%)"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320"><rect width="320" height="320" fill="hsl(${number * 37} 60% 60%)"/>${shapes.join('')}</svg>`;
  return sharp(Buffer.from(svg)).jpeg().toBuffer();
}

/** Sends one file as the browser does: create, PUT, complete. */
export async function uploadPhoto(
  person: Person,
  modelId: string,
  bytes: Buffer,
  contentType: 'image/jpeg' | 'image/png' | 'image/webp' = 'image/jpeg',
): Promise<string> {
  const { photo, upload } = await person.client.photos.create.mutate({
    modelId,
    fileName: 'photo.jpg',
    contentType,
    sizeBytes: bytes.length,
  });
  const answer = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: new Uint8Array(bytes) });
  if (!answer.ok) throw new Error(`the store answered ${answer.status} to a photo`);
  await person.client.photos.complete.mutate({ id: photo.id });
  return photo.id;
}

/** Asks again until `ready` says so; the product's own events are tested elsewhere. */
export async function until<T>(read: () => Promise<T>, ready: (value: T) => boolean, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (ready(value)) return value;
    if (Date.now() > deadline) throw new Error(`still not ready after ${timeoutMs} ms: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const hasEnded = (order: { job: { state: JobState } }): boolean =>
  (FINAL_STATES as readonly JobState[]).includes(order.job.state);

/** A model with five validated photos and a consent, ready to train. */
export async function createReadyDraft(person: Person): Promise<string> {
  const consent = { subject: 'not-a-person', accepted: true, adult: true, textVersion: CONSENT.version } as const;
  const model = await person.client.models.create.mutate({ name: 'Biscuit', classWord: 'dog', consent });
  for (let number = 0; number < 5; number += 1) await uploadPhoto(person, model.id, await drawPhoto(number));
  await until(
    () => person.client.photos.list.query({ modelId: model.id }),
    ({ items }) => items.every((photo) => photo.state !== 'uploading' && photo.state !== 'checking'),
  );
  return model.id;
}

/** A model whose training has ended well. */
export async function createTrainedModel(person: Person): Promise<string> {
  const modelId = await createReadyDraft(person);
  const training = await person.client.training.start.mutate({ modelId, preset: 'fast', idempotencyKey: newId() });
  const ended = await until(() => person.client.training.get.query({ id: training.id }), hasEnded);
  if (ended.job.state !== 'succeeded')
    throw new Error(`training ended ${ended.job.state}: ${ended.job.failure?.message}`);
  return modelId;
}
