import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { readGpuPrices, stalePrices } from './modal/prices.ts';
import type { GpuChoice } from './stack/apps.ts';
import { defaultDataFolder, repositoryRoot } from './stack/paths.ts';
import { describeError, PlainError } from './stack/plain-error.ts';
import { type Product, startProduct } from './stack/product.ts';
import { resetDataFolder } from './stack/reset.ts';
import { printedSteps } from './stack/steps.ts';

const USAGE = `npm start -- [options]
  --gpu=local|simulator   train on this machine (default), or draw placeholders at once without torch
  --port N                the web app's port (default 3000, or the next free one)
  --data DIR              where everything is kept (default .pixgen/data)
  --no-web                API and worker only
  --reset                 delete all data in that folder first
  --password-link ADDRESS print a link that sets a new password for this account, once
  --help                  this text
Environment, or a .env file beside package.json: DATABASE_URL, REDIS_URL, S3_ENDPOINT (with S3_BUCKET, S3_REGION,
S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY), GPU_SERVER_URL or GPU_BACKEND=modal replace the built-in parts.`;

/** Stop requests closer together than this are one. */
const SAME_REQUEST_MS = 1_500;

interface StartOptions {
  readonly gpu: GpuChoice;
  readonly port: number | undefined;
  readonly dataDir: string;
  readonly web: boolean;
  readonly reset: boolean;
  readonly passwordLinkFor: string | undefined;
}

async function main(): Promise<void> {
  const envFile = join(repositoryRoot, '.env');
  if (existsSync(envFile)) process.loadEnvFile(envFile);
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return;
  }
  const startedAt = performance.now();
  if (options.reset) await resetDataFolder(options.dataDir);
  console.log(pc.bold('PixGen'));

  let running: Product | undefined;
  let askedAt: number | undefined;
  const interrupted = new Promise<void>((resolve) => {
    const onStop = () => {
      // A terminal's Ctrl-C arrives more than once: from the terminal and through npm.
      if (askedAt !== undefined && performance.now() - askedAt < SAME_REQUEST_MS) return;
      // While starting, and when asked again: end at once. The watchdog stops what was started, each with its own signal.
      if (running === undefined || askedAt !== undefined) process.exit(130);
      askedAt = performance.now();
      resolve();
    };
    for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(event, onStop);
  });
  const product = await startProduct({
    dataDir: options.dataDir,
    gpu: options.gpu,
    web: options.web,
    webPort: options.port === undefined ? { preferred: 3000 } : { fixed: { port: options.port, setBy: '--port' } },
    environment: process.env,
    passwordLinkFor: options.passwordLinkFor,
    step: printedSteps(),
    onTrouble: (line) => console.error(pc.yellow(`! ${line}`)),
  });
  running = product;
  printBox(product, options, performance.now() - startedAt);
  const stale = process.env.GPU_BACKEND === 'modal' ? stalePrices(readGpuPrices(), Date.now()) : undefined;
  if (stale) console.error(pc.yellow(`! ${stale}`));
  try {
    await Promise.race([interrupted, product.failed]);
  } finally {
    console.log('\nStopping …');
    await product.stop();
    console.log('Stopped. Your data are kept.');
  }
}

function parseOptions(args: string[]): StartOptions | 'help' {
  const { values } = parseArguments(args);
  if (values.help) return 'help';
  const port = values.port ?? process.env.PORT;
  if (port !== undefined && !(Number.isInteger(Number(port)) && Number(port) > 0 && Number(port) < 65_536)) {
    throw new PlainError(`--port ${port} is not a port number.`);
  }
  const external = process.env.GPU_SERVER_URL !== undefined || (process.env.GPU_BACKEND ?? 'local') !== 'local';
  if (values.gpu !== undefined && values.gpu !== 'local' && values.gpu !== 'simulator') {
    throw new PlainError(`--gpu=${values.gpu} is unknown; it is local or simulator.`);
  }
  return {
    gpu: values.gpu ?? (external ? 'external' : 'local'),
    port: port === undefined ? undefined : Number(port),
    dataDir: values.data ?? process.env.PIXGEN_DATA_DIR ?? defaultDataFolder,
    web: !values['no-web'],
    reset: values.reset ?? false,
    passwordLinkFor: values['password-link'],
  };
}

function parseArguments(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        gpu: { type: 'string' },
        port: { type: 'string' },
        data: { type: 'string' },
        'no-web': { type: 'boolean' },
        reset: { type: 'boolean' },
        'password-link': { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new PlainError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function printBox(product: Product, options: StartOptions, tookMs: number): void {
  const { publicUrl, apiUrl } = product;
  const link = product.setupLink;
  const rows: Array<[string, string] | undefined> = [
    options.web ? ['App', publicUrl] : ['API', apiUrl],
    link ? ['First admin', `${link}  (works once)`] : ['Sign in', `${publicUrl}/sign-in`],
    product.passwordLink ? ['New password', `${product.passwordLink}  (works once)`] : undefined,
    ['Queue board', `${publicUrl}/admin/queues`],
    ['API reference', `${apiUrl}/api/v1/docs`],
    options.gpu === 'simulator' ? ['GPU', 'simulated: images are placeholders'] : undefined,
    ['Data', options.dataDir],
    ['Stop', 'Ctrl-C'],
    ['Start over', 'npm start -- --reset   (deletes all data)'],
  ];
  const lines = rows.flatMap((row) => (row ? [`${row[0].padEnd(14)}${row[1]}`] : []));
  const width = Math.max(...lines.map((line) => line.length));
  console.log(`\n┌${'─'.repeat(width + 2)}┐`);
  for (const line of lines) console.log(`│ ${line.padEnd(width)} │`);
  console.log(`└${'─'.repeat(width + 2)}┘`);
  console.log(pc.dim(`Ready in ${(tookMs / 1000).toFixed(1)} s.`));
}

main().then(
  () => process.exit(process.exitCode ?? 0),
  (error: unknown) => {
    console.error(`\n${pc.red('PixGen could not go on.')} ${describeError(error)}`);
    process.exit(1);
  },
);
