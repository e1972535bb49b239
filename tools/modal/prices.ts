/** The dated table of GPU prices in `gpu/pixgen_gpu/gpu_prices.json`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../stack/paths.ts';

const DAY_MS = 86_400_000;

const gpuPrices = z.strictObject({
  provider: z.string(),
  source: z.string(),
  readOn: z.iso.date(),
  verified: z.boolean(),
  note: z.string(),
  staleAfterDays: z.int().positive(),
  microUsdPerSecond: z.record(z.string(), z.int().positive()),
});
export type GpuPrices = z.infer<typeof gpuPrices>;

export function readGpuPrices(): GpuPrices {
  return gpuPrices.parse(JSON.parse(readFileSync(join(repositoryRoot, 'gpu/pixgen_gpu/gpu_prices.json'), 'utf8')));
}

/** A warning when the table has grown old, else undefined. */
export function stalePrices(prices: GpuPrices, nowMs: number): string | undefined {
  const days = Math.floor((nowMs - Date.parse(prices.readOn)) / DAY_MS);
  if (days <= prices.staleAfterDays) return undefined;
  return `The GPU prices in gpu/pixgen_gpu/gpu_prices.json were read ${days} days ago (${prices.readOn}); estimates may be wrong. Compare them with ${prices.provider}'s pricing page.`;
}
