/**
 * `pnpm fuzz <what>`: hostile and repeated events against the real API, on servers of its own, and hostile files against the
 * decoder of photos. Prints what happened, then one line of JSON. Exit status 1 when a guarantee did not hold.
 */
import { parseArgs } from 'node:util';
import { GPU_TEST_ENVIRONMENT, interpreter } from '../stack/python.ts';
import { setup } from '../testing/global-setup.ts';
import { faultsOfCalls, fuzzCalls } from './calls.ts';
import { faultsOfImages, fuzzImages } from './images.ts';
import { faultsOfReplays, fuzzReplays } from './replays.ts';
import { faultsOfSlow, fuzzSlow, MAX_HEALTHY_P99_MS } from './slow.ts';
import { checkVectors, faultsOfVectors } from './vectors.ts';
import { faultsOf, fuzzWebhooks } from './webhooks.ts';

/** S3, on quiet cores and with one file at a time. */
const MAX_DECODE_MS = 2_000;

const USAGE = `pnpm fuzz webhooks [--n 100000] [--seed 1]   forged and damaged events: none may count
pnpm fuzz replays [--n 10000] [--seed 1]     genuine events, repeated and out of order: each takes effect once
pnpm fuzz vectors [--n 1000] [--seed 1] [--python gpu/.venv/bin/python] [--write]
                                             signatures of three languages: each verifies in two
pnpm fuzz images [--n 1000] [--seed 1] [--at-once 1]
                                             hostile files as photos: none is kept, no decoder outgrows its limits
pnpm fuzz calls [--n 500] [--seed 1] [--at-once 1]
                                             random input to every procedure, n times each: results or refusals, no faults
pnpm fuzz slow [--n 3000]                    n healthy calls beside 200 half requests, 10 MB and 10,000 levels of JSON`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      n: { type: 'string' },
      seed: { type: 'string', default: '1' },
      'at-once': { type: 'string', default: '1' },
      python: { type: 'string', default: interpreter(GPU_TEST_ENVIRONMENT) },
      write: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  const n = (usual: number): number => Number(values.n ?? usual);
  switch (positionals[0]) {
    case 'webhooks': {
      const { classes, ...report } = await withServers(() => fuzzWebhooks({ n: n(100_000), seed }));
      for (const [name, counts] of Object.entries(classes)) console.log(`${name.padEnd(56)}${JSON.stringify(counts)}`);
      return finish(report, faultsOf({ ...report, classes }));
    }
    case 'replays': {
      const report = await withServers(() => fuzzReplays({ n: n(10_000), seed }));
      return finish(report, [...faultsOfReplays(report), ...(report.p99Ms > 100 ? [`p99 is ${report.p99Ms} ms`] : [])]);
    }
    case 'vectors': {
      const report = await checkVectors({ n: n(1_000), seed, python: values.python, write: values.write });
      return finish(report, faultsOfVectors(report));
    }
    case 'images': {
      const { classes, ...report } = await fuzzImages({ n: n(1_000), seed, atOnce: Number(values['at-once']) });
      for (const [name, counts] of Object.entries(classes)) console.log(`${name.padEnd(56)}${JSON.stringify(counts)}`);
      return finish(report, [
        ...faultsOfImages({ ...report, classes }),
        ...(report.maxMs > MAX_DECODE_MS ? [`a file took ${report.maxMs} ms`] : []),
      ]);
    }
    case 'calls': {
      const onProgress = (percent: number): void => console.error(`${percent} %`);
      const atOnce = Number(values['at-once']);
      const report = await withServers(() => fuzzCalls({ n: n(500), seed, atOnce, onProgress }));
      return finish(report, faultsOfCalls(report));
    }
    case 'slow': {
      // As installed: an API that comes a second late turns calls away, and a healthy one among them would be a fault.
      const report = await withServers(() => fuzzSlow({ n: n(3_000), sockets: 200, perKind: 2, shedAtDelayMs: 1_000 }));
      const { p99Ms } = report.healthy;
      return finish(report, [
        ...faultsOfSlow(report),
        ...(p99Ms > MAX_HEALTHY_P99_MS ? [`p99 of healthy calls is ${p99Ms} ms`] : []),
      ]);
    }
    default:
      console.error(USAGE);
      return 2;
  }
}

function finish(report: object, faults: string[]): number {
  for (const fault of faults) console.error(`✗ ${fault}`);
  console.log(JSON.stringify(report));
  return faults.length > 0 ? 1 : 0;
}

async function withServers<T>(run: () => Promise<T>): Promise<T> {
  const stop = await setup();
  try {
    return await run();
  } finally {
    await stop?.();
  }
}

process.exitCode = await main();
