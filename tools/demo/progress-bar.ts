/** One live line per step in a terminal; elsewhere a line whenever another quarter is done. */
import pc from 'picocolors';
import type { Progress } from './main-job.ts';

const WIDTH = 28;

/** Runs one step and shows its progress, then its time. */
export async function withProgress<T>(
  label: string,
  work: (onProgress: Progress) => Promise<T>,
  output: NodeJS.WriteStream = process.stdout,
): Promise<T> {
  const startedAt = performance.now();
  let quarter = -1;
  const clear = () => output.isTTY && output.write('\r\x1b[2K');
  const show: Progress = (done, total, note) => {
    const share = total > 0 ? Math.min(1, done / total) : 0;
    if (output.isTTY) {
      const full = Math.round(share * WIDTH);
      const bar = pc.cyan('━'.repeat(full)) + pc.dim('━'.repeat(WIDTH - full));
      const room = Math.max(20, (output.columns ?? 80) - WIDTH - 4);
      output.write(`\r\x1b[2K  ${bar} ${`${label} ${done}/${total} ${note}`.slice(0, room)}`);
    } else if (Math.floor(share * 4) > quarter && total > 0) {
      quarter = Math.floor(share * 4);
      output.write(`  … ${label} ${done}/${total} ${note}\n`);
    }
  };
  const seconds = () => pc.dim(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  try {
    const result = await work(show);
    clear();
    output.write(`  ${pc.green('✓')} ${label} ${seconds()}\n`);
    return result;
  } catch (error) {
    clear();
    output.write(`  ${pc.red('✗')} ${label} ${seconds()}\n`);
    throw error;
  }
}
