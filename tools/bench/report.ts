/** From pairs to a table for people and one JSON line for programs. */
import type { Block, Pair } from './jobs.ts';
import { median } from './measure.ts';

/** The line that `pnpm bench jobs` ends with. Ratios are product ÷ raw, medians over the pairs. */
export type Summary = {
  jobsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  rawJobsPerSecond: number;
  rawP50Ms: number;
  throughputRatio: number;
  p50Ratio: number;
  cpuRatio: number;
  commitsPerJob: number;
};

type FullPair = { raw: Block; product: Block };
type Row = { name: string; of: (block: Block) => number; digits: number; must?: string };

/** Our own programs on the path; GPU stand-in and stores are shown apart. */
const ownCpu = ({ cost }: Block): number => (cost.cpuMs.api ?? 0) + (cost.cpuMs.worker ?? 0);
const storesCpu = ({ cost }: Block): number =>
  (cost.cpuMs.postgres ?? 0) + (cost.cpuMs.valkey ?? 0) + (cost.cpuMs.s3 ?? 0);

const ROWS: Row[] = [
  { name: 'jobs/s', of: (block) => block.jobsPerSecond, digits: 0, must: '≥ 0.66' },
  { name: 'p50 ms at the fixed rate', of: (block) => block.p50Ms, digits: 1, must: '≤ 2' },
  { name: 'p99 ms at the fixed rate', of: (block) => block.p99Ms, digits: 1, must: '≤ 3' },
  { name: 'accept p50 ms', of: (block) => block.acceptP50Ms, digits: 1 },
  { name: 'CPU ms/job, api + worker', of: ownCpu, digits: 2, must: '≤ 1.5' },
  { name: 'CPU ms/job, gpu stand-in', of: ({ cost }) => cost.cpuMs.gpu ?? 0, digits: 2 },
  { name: 'CPU ms/job, stores', of: storesCpu, digits: 2 },
  { name: 'CPU ms/job, all', of: (block) => ownCpu(block) + (block.cost.cpuMs.gpu ?? 0) + storesCpu(block), digits: 2 },
  { name: 'commits/job', of: ({ cost }) => cost.commits, digits: 2, must: 'product ≤ 2' },
  { name: 'WAL KB/job', of: ({ cost }) => cost.walBytes / 1024, digits: 1 },
  { name: 'Redis scripts/job', of: ({ cost }) => cost.scriptCalls, digits: 1 },
];

/** Every row with both medians, the median of the pairs' ratios, and their spread. */
export function table(pairs: readonly Pair[]): string {
  const full = pairs.filter((pair): pair is FullPair => pair.product !== null);
  const lines = [['', 'raw', 'product', 'ratio', 'spread', 'must']];
  for (const { name, of, digits, must } of ROWS) {
    const raw = median(pairs.map((pair) => of(pair.raw))).toFixed(digits);
    if (full.length === 0) lines.push([name, raw, '', '', '', '']);
    else {
      const ratios = full.map(({ raw: own, product }) => of(product) / of(own));
      const spread = `${Math.min(...ratios).toFixed(2)} – ${Math.max(...ratios).toFixed(2)}`;
      const product = median(full.map((pair) => of(pair.product))).toFixed(digits);
      lines.push([name, raw, product, median(ratios).toFixed(2), spread, must ?? '']);
    }
  }
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

/** @returns null without measurements of the product */
export function summarise(pairs: readonly Pair[]): Summary | null {
  const full = pairs.filter((pair): pair is FullPair => pair.product !== null);
  if (full.length === 0) return null;
  const of = (read: (block: Block) => number) => round(median(full.map(({ product }) => read(product))));
  const rawOf = (read: (block: Block) => number) => round(median(full.map(({ raw }) => read(raw))));
  const ratio = (read: (block: Block) => number) =>
    round(median(full.map(({ raw, product }) => read(product) / read(raw))));
  return {
    jobsPerSecond: of((block) => block.jobsPerSecond),
    p50Ms: of((block) => block.p50Ms),
    p99Ms: of((block) => block.p99Ms),
    rawJobsPerSecond: rawOf((block) => block.jobsPerSecond),
    rawP50Ms: rawOf((block) => block.p50Ms),
    throughputRatio: ratio((block) => block.jobsPerSecond),
    p50Ratio: ratio((block) => block.p50Ms),
    cpuRatio: ratio(ownCpu),
    commitsPerJob: of(({ cost }) => cost.commits),
  };
}

/** The musts that the numbers miss, in words. */
export function missed(summary: Summary): string[] {
  return [
    summary.throughputRatio < 0.66 && `throughput ratio ${summary.throughputRatio} is under 0.66`,
    summary.p50Ratio > 2 && `p50 ratio ${summary.p50Ratio} is over 2`,
    summary.cpuRatio > 1.5 && `CPU ratio ${summary.cpuRatio} is over 1.5`,
  ].filter((line) => line !== false);
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
