/**
 * `npm run demo`: the main job without a browser. Brings up the whole product on its own data folder and free ports, makes
 * a model of the sample photos through the typed client alone, trains it, draws pictures of it, runs a pack, keeps the
 * LoRA and the pictures in `demo-output/`, and stops everything it started.
 *
 * The data folder is emptied first and every seed is fixed, so two runs give the same pictures.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import type { GenerationView } from '@pixgen/domain';
import { createPixgenClient, type PixgenClient } from '@pixgen/trpc/client';
import pc from 'picocolors';
import type { GpuChoice } from '../stack/apps.ts';
import { repositoryRoot } from '../stack/paths.ts';
import { describeError, PlainError } from '../stack/plain-error.ts';
import { type Product, startProduct } from '../stack/product.ts';
import { resetDataFolder } from '../stack/reset.ts';
import { printedSteps } from '../stack/steps.ts';
import { obtainApiKey } from './account.ts';
import { writeContactSheet } from './contact-sheet.ts';
import { awaitGeneration, createModel, trainModel } from './main-job.ts';
import { SAMPLE_SUBJECTS, samplePhotos } from './photos.ts';
import { withProgress } from './progress-bar.ts';

const USAGE = `npm run demo -- [options]
  --seed N                 seed of training and pictures (default 7)
  --gpu=local|simulator    train on this machine (default), or draw placeholders at once without torch
  --preset NAME            fast, balanced (default) or best
  --out DIR                where the results go (default demo-output)
  --help                   this text`;
const DATA_FOLDER = join(repositoryRoot, '.pixgen', 'demo');
const SUBJECT = 'robot';
/** In words that the tiny base model knows. */
const PROMPT = 'a photo of {subject} on a blue background';
const PACK = 'studio-colours';
const IMAGES = 4;
const PRESETS = ['fast', 'balanced', 'best'] as const;

type DemoOptions = { seed: number; gpu: GpuChoice; preset: (typeof PRESETS)[number]; out: string };

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    console.log(USAGE);
    return;
  }
  const startedAt = performance.now();
  let running: Product | undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    const stop = () => {
      // While it is starting, and when asked again: end at once. The watchdog stops what was started.
      if (!running) process.exit(130);
      reject(new Interrupted());
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  });
  interrupted.catch(() => undefined);

  console.log(pc.bold('PixGen demo'));
  await resetDataFolder(DATA_FOLDER);
  const product = await startProduct({
    dataDir: DATA_FOLDER,
    gpu: options.gpu,
    web: false,
    webPort: {},
    // The word that stands for the subject is random otherwise, and would change every picture.
    environment: { LOG_LEVEL: 'warn', TRIGGER_WORD_SEED: String(options.seed) },
    step: printedSteps(),
    onTrouble: (line) => console.error(pc.yellow(`! ${line}`)),
  });
  running = product;
  try {
    await Promise.race([runMainJob(product.apiUrl, options), interrupted, product.failed]);
  } finally {
    await product.stop();
  }
  console.log(
    `\nDone in ${((performance.now() - startedAt) / 1000).toFixed(0)} s; everything that was started is stopped.`,
  );
}

async function runMainJob(apiUrl: string, { seed, preset, out }: DemoOptions): Promise<void> {
  const apiKey = await obtainApiKey(apiUrl, 'demo');
  const client = createPixgenClient({ baseUrl: apiUrl, apiKey });
  const photos = samplePhotos(SUBJECT);
  const model = await withProgress(`${photos.length} photos uploaded and checked`, (onProgress) =>
    createModel(client, SAMPLE_SUBJECTS[SUBJECT], photos, onProgress),
  );
  await withProgress(`model trained (${preset})`, (onProgress) =>
    trainModel(client, { modelId: model.id, preset, overrides: { seed } }, onProgress),
  );
  const drawn = await withProgress(`${IMAGES} pictures drawn`, async (onProgress) => {
    const order = { modelId: model.id, prompt: PROMPT, n: IMAGES, seed, idempotencyKey: randomUUID() };
    return awaitGeneration(client, await client.generation.start.mutate(order), onProgress);
  });
  const pack = await client.packs.get.query({ slug: PACK });
  const packed = await withProgress(`pack "${pack.name}" run`, async (onProgress) => {
    const order = { slug: pack.slug, modelId: model.id, n: 1, seed, idempotencyKey: randomUUID() };
    return awaitGeneration(client, await client.packs.run.mutate(order), onProgress);
  });
  await withProgress('results fetched', (onProgress) =>
    keepResults(client, model.id, { images: drawn, [pack.slug]: packed }, out, onProgress),
  );
  const shown = (name: string) => {
    const near = relative(process.cwd(), join(out, name));
    return pc.cyan(near.startsWith('..') ? join(out, name) : near);
  };
  console.log(`\n  LoRA            ${shown('lora.safetensors')}`);
  console.log(`  pictures        ${shown('images')} and ${shown(pack.slug)}`);
  console.log(`  contact sheet   ${shown('contact-sheet.png')}`);
}

/** Downloads the LoRA and every picture, and puts the photos and pictures on one sheet. */
async function keepResults(
  client: PixgenClient,
  modelId: string,
  runs: Record<string, GenerationView>,
  out: string,
  onProgress: (done: number, total: number, note: string) => void,
): Promise<void> {
  await rm(out, { recursive: true, force: true });
  const lora = await client.models.download.query({ id: modelId });
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'lora.safetensors'), await download(lora.url));
  const onSheet: Buffer[] = await Promise.all(
    samplePhotos(SUBJECT)
      .slice(0, 4)
      .map((file) => readFile(file)),
  );
  const total = Object.values(runs).reduce((sum, run) => sum + run.images.length, 0);
  let done = 0;
  for (const [folder, run] of Object.entries(runs)) {
    await mkdir(join(out, folder), { recursive: true });
    for (const image of run.images.toSorted((a, b) => a.position - b.position)) {
      const { url } = await client.images.download.query({ id: image.id });
      const bytes = await download(url);
      await writeFile(join(out, folder, `${image.position + 1}-seed-${image.seed}.png`), bytes);
      onSheet.push(bytes);
      onProgress(++done, total, folder);
    }
  }
  await writeContactSheet(onSheet, join(out, 'contact-sheet.png'));
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`download: HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Asked to stop by a signal: everything is stopped, and the exit status says so. */
class Interrupted extends Error {}

/** @returns null when help was asked for */
function parseOptions(args: string[]): DemoOptions | null {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '7' },
      gpu: { type: 'string', default: 'local' },
      preset: { type: 'string', default: 'balanced' },
      out: { type: 'string', default: join(repositoryRoot, 'demo-output') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new PlainError('--seed takes a whole number from 0 to 4294967295.');
  const preset = PRESETS.find((name) => name === values.preset);
  if (!preset) throw new PlainError(`--preset takes one of ${PRESETS.join(', ')}.`);
  if (values.gpu !== 'local' && values.gpu !== 'simulator') throw new PlainError('--gpu takes local or simulator.');
  return { seed, gpu: values.gpu, preset, out: values.out };
}

try {
  await main();
} catch (error) {
  if (error instanceof Interrupted) console.error('\nInterrupted; everything that was started is stopped.');
  else console.error(`\n${pc.red('The demo failed.')} ${describeError(error)}`);
  process.exitCode = error instanceof Interrupted ? 130 : 1;
}
