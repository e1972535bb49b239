/** What a GPU that is broken, or no longer ours, stores in place of pictures: nobody is ever shown it. */
import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { newId, type SucceededEvent } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, Deps } from '../deps.ts';
import { getGeneration } from '../generation/read-generations.ts';
import { startGeneration } from '../generation/start-generation.ts';
import { createReadyModel, signEvent } from '../generation/testing.ts';
import { applyEvents } from '../jobs/apply-events.ts';
import { claimSecret, ticketToken } from '../jobs/gpu-secrets.ts';
import { grantUpload } from '../jobs/grant-upload.ts';
import { move } from '../jobs/next-move.ts';
import { receiveGpuEvent } from '../jobs/receive-gpu-event.ts';
import { fileReport, getReport } from '../safety/reports.ts';
import { createActor, createTestDeps, type TestDeps } from '../testing.ts';
import { TINY_PNG } from '../testing-world.ts';
import { downloadBulkFile, getBulk, startBulk } from './bulk-operations.ts';
import { deliverImage } from './deliver-image.ts';
import { downloadImage } from './download-image.ts';
import { runBulk } from './run-bulk.ts';

let test: TestDeps;
let deps: Deps;
let actor: Actor;
let modelId: string;
const warnings: { fields: object; message: string }[] = [];
beforeAll(async () => {
  test = await createTestDeps();
  deps = {
    ...test.deps,
    log: { ...test.deps.log, warn: (fields: object, message: string) => void warnings.push({ fields, message }) },
  };
  actor = await createActor(deps);
  modelId = await createReadyModel(deps, actor);
});
afterAll(() => test.close());

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** Says that it has 400 megapixels, and has them: 50 kB unpack to 50 MB. */
function bomb(): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(20_000, 0);
  head.writeUInt32BE(20_000, 4);
  head.set([1, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(20_000 * 2_501));
  const parts = [chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([TINY_PNG.subarray(0, 8), ...parts]);
}

const page = Buffer.from('<!doctype html><script>alert(document.cookie)</script>');
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>');
const noise = () =>
  sharp({
    create: {
      width: 256,
      height: 256,
      channels: 3,
      background: '#777',
      noise: { type: 'gaussian', mean: 99, sigma: 60 },
    },
  });

/** As a GPU does all of it: asks for an address, writes, and says that the picture is there. */
async function draw(bytes: Buffer, contentType: 'image/png' | 'image/webp' = 'image/png') {
  const order = { modelId, prompt: 'rain', n: 1, negativePrompt: '', loraWeight: 1, idempotencyKey: newId() };
  const generation = await startGeneration(deps, actor, order);
  const claim = { jobId: generation.job.id, attempt: 1, claimEpoch: 1 };
  await deps.jobs.move(move(claim.jobId, 1, 'dispatching'));
  await deps.jobs.claim({ jobId: claim.jobId, attempt: 1, callId: 'call' });
  const imageId = generation.images[0]?.id ?? '';
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const token = ticketToken(deps.config.ticketKey, claim.jobId, 1);
  const what = { purpose: 'image', imageId, step: null, contentType, sizeBytes: bytes.length, sha256 } as const;
  const { url, headers, key } = await grantUpload(deps, { ...claim, token, ...what });
  expect((await fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) })).status).toBe(200);
  const drawn = { key, sizeBytes: bytes.length, sha256, width: 64, height: 64, gpuMs: 1, safety: null };
  const images = [{ imageId, result: { status: 'succeeded' as const, ...drawn } }];
  const event: SucceededEvent = { type: 'succeeded', ...claim, gpuMs: 1, training: null, images };
  await receiveGpuEvent(deps, signEvent(claimSecret(deps.config.ticketKey, claim.jobId, 1, 1), event));
  const rows = await deps.db.prisma.gpuEvent.findMany({ where: { jobId: claim.jobId } });
  await applyEvents(
    deps,
    rows.map(({ id }) => String(id)),
  );
  expect((await getGeneration(deps, actor, { id: generation.id })).job.state).toBe('succeeded');
  return { imageId, key, grant: { ...claim, token, ...what } };
}

const shown = (imageId: string, widthPx: 128 | null, format: 'avif' | 'webp' = 'webp') =>
  deliverImage(deps, actor, { id: imageId, widthPx, format }).then(({ bytes }) => bytes());
const DAMAGED = { code: 'STATE_CONFLICT', retryable: false };

async function zipOf(ids: string[]) {
  const order = { kind: 'download', selection: { ids }, idempotencyKey: newId() } as const;
  const { id } = await startBulk(deps, actor, order);
  await runBulk(deps, { operationId: id }, { signal: new AbortController().signal });
  return getBulk(deps, actor, { id });
}

describe.each<[string, () => Promise<Buffer> | Buffer, ('image/png' | 'image/webp')?]>([
  ['a page with a script', () => page],
  ['a page behind the first bytes of a PNG', () => Buffer.concat([TINY_PNG.subarray(0, 8), page])],
  ['an SVG with a script', () => svg],
  ['a GIF', () => noise().gif().toBuffer()],
  ['a TIFF', () => noise().tiff().toBuffer()],
  ['a JPEG', () => noise().jpeg().toBuffer()],
  ['a WebP under the name of a PNG', () => noise().webp().toBuffer()],
  ['a PNG under the name of a WebP', () => TINY_PNG, 'image/webp'],
  ['a bomb of 400 megapixels', bomb],
  ['a picture larger than any that can be ordered', () => noise().resize(2_049, 2_048).png().toBuffer()],
  ['the first ten bytes of a PNG', () => TINY_PNG.subarray(0, 10)],
])('in place of a picture %s', (_, make, contentType) => {
  it('is shown in no size, packed into no file and drawn for no report, and its operator is told', async () => {
    const { imageId, key } = await draw(await make(), contentType);
    warnings.length = 0;
    await expect(shown(imageId, null)).rejects.toMatchObject(DAMAGED);
    await expect(shown(imageId, 128)).rejects.toMatchObject(DAMAGED);
    await expect(shown(imageId, 128, 'avif')).rejects.toMatchObject(DAMAGED);
    expect(warnings).toEqual(
      Array.from({ length: 3 }, () => ({
        fields: { key, why: expect.any(String) },
        message: 'a stored picture cannot be shown',
      })),
    );
    expect(await deps.storage.head(keys.derivative(key, 128, 'webp'))).toBeNull();
    const sound = await draw(TINY_PNG);
    const zip = await zipOf([imageId, sound.imageId]);
    expect(zip).toMatchObject({ state: 'succeeded', done: 2, skipped: 1, files: [{}] });
    const { url } = await downloadBulkFile(deps, actor, { id: zip.id, file: 0 });
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).includes(TINY_PNG)).toBe(true);
    const words = { reason: 'other', words: 'That is me.', what: `/gallery/${imageId}` } as const;
    await fileReport(deps, { actor: null, address: '2001:db8::1' }, words);
    const report = await deps.db.prisma.report.findFirstOrThrow({ where: { what: words.what } });
    const { targets } = await getReport(deps, actor, report);
    expect(targets).toMatchObject([{ id: imageId, kind: 'image', picture: null }]);
  });

  it('is saved as what it was announced as, never opened, by whoever downloads it', async () => {
    const { imageId } = await draw(await make(), contentType);
    const { url } = await downloadImage(deps, actor, { id: imageId });
    const { headers } = await fetch(url);
    expect(headers.get('content-type')).toBe(contentType ?? 'image/png');
    expect(headers.get('content-disposition')).toMatch(/^attachment; /);
  });
});

it('a picture that was cut off is drawn in no size', async () => {
  const whole = await noise().png().toBuffer();
  const { imageId } = await draw(whole.subarray(0, whole.length / 2));
  await expect(shown(imageId, 128)).rejects.toMatchObject(DAMAGED);
});

it('what replaces a picture after it was taken is not shown either', async () => {
  const { imageId, key, grant } = await draw(await noise().png().toBuffer());
  expect((await sharp(await shown(imageId, null)).metadata()).format).toBe('png');
  // An address that the claim asked for while it was live, kept for later.
  const headers = { 'content-type': 'image/png' };
  const late = deps.storage.presignPut({ key, ...grant, sha256: null, sizeBytes: svg.length, expiresInMs: 60_000 });
  expect((await fetch(late.url, { method: 'PUT', headers, body: new Uint8Array(svg) })).status).toBe(200);
  await expect(shown(imageId, null)).rejects.toMatchObject(DAMAGED);
  await expect(shown(imageId, 128)).rejects.toMatchObject(DAMAGED);
});
