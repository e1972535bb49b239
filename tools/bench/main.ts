/** `pnpm bench <name>`: prints its table, then one JSON line. Exit status 1 when a must is missed. */
import { parseArgs } from 'node:util';
import { benchJobs, type JobsOptions, steadyPairs } from './jobs.ts';
import { missed, summarise, table } from './report.ts';

const USAGE = `pnpm bench jobs [--pairs 5] [--jobs 2000] [--in-flight 50] [--rate 50] [--seconds 12] [--no-storage] [--raw-only]

  jobs    the full path of a generate job against the hand-written raw skeleton
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      pairs: { type: 'string', default: '5' },
      jobs: { type: 'string', default: '2000' },
      'in-flight': { type: 'string', default: '50' },
      rate: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '12' },
      'warm-up': { type: 'string', default: '1000' },
      storage: { type: 'boolean', default: true },
      'raw-only': { type: 'boolean', default: false },
    },
  });
  if (positionals[0] !== 'jobs') {
    console.error(USAGE);
    return 2;
  }
  const options: JobsOptions = {
    pairs: Number(values.pairs),
    jobs: Number(values.jobs),
    inFlight: Number(values['in-flight']),
    perSecond: Number(values.rate),
    openSeconds: Number(values.seconds),
    warmUp: Number(values['warm-up']),
    storage: values.storage,
    rawOnly: values['raw-only'],
  };
  const pairs = await benchJobs(options);
  const steady = steadyPairs(pairs);
  const errors = pairs.flatMap(({ raw, product }) => [...raw.errors, ...(product?.errors ?? [])]);
  console.log(
    `\n${options.storage ? 'With storage' : 'Without storage'}; ${steady.length} of ${pairs.length} pairs kept\n`,
  );
  console.log(table(steady));
  const summary = summarise(steady);
  const faults = [...(summary ? missed(summary) : []), ...(errors.length > 0 ? [`${errors.length} jobs failed`] : [])];
  for (const fault of faults) console.error(`missed: ${fault}`);
  if (summary) console.log(JSON.stringify(summary));
  return faults.length > 0 ? 1 : 0;
}

process.exitCode = await main();
