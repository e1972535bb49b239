import pc from 'picocolors';

/** Runs `work` as one named step of a start. `note` may be called with what it is doing right now. */
export type Step = <Result>(label: string, work: (note: (line: string) => void) => Promise<Result>) => Promise<Result>;

const BAR_AFTER_MS = 3_000;
const BAR_EVERY_MS = 1_000;

/** For programs that show nothing. */
export const silentStep: Step = (_label, work) => work(() => undefined);

/**
 * Prints one line per finished step with its time. A step of more than three seconds shows that it moves: in a terminal one
 * line that is redrawn, elsewhere (a log file) a line every ten seconds.
 */
export function printedSteps(output: NodeJS.WriteStream = process.stdout): Step {
  const active = new Map<string, { since: number; note: string }>();
  const clear = () => (output.isTTY ? output.write('\r\x1b[2K') : true);
  let ticks = 0;
  const draw = () => {
    ticks++;
    const slow = [...active].filter(([, { since }]) => performance.now() - since > BAR_AFTER_MS);
    if (slow.length === 0) return;
    const texts = slow.map(
      ([label, { since, note }]) => `${label} ${seconds(since)}${note && pc.dim(` ${note.slice(0, 50)}`)}`,
    );
    if (output.isTTY) output.write(`\r\x1b[2K${bar(ticks)} ${texts.join(' · ').slice(0, (output.columns ?? 80) + 20)}`);
    else if (ticks % 10 === 0) output.write(`  … ${texts.join(' · ')}\n`);
  };
  let timer: NodeJS.Timeout | undefined;
  return async (label, work) => {
    const entry = { since: performance.now(), note: '' };
    active.set(label, entry);
    timer ??= setInterval(draw, BAR_EVERY_MS).unref();
    try {
      const result = await work((line) => {
        entry.note = line.trim();
      });
      clear();
      output.write(`  ${pc.green('✓')} ${label} ${pc.dim(seconds(entry.since))}\n`);
      return result;
    } catch (error) {
      clear();
      output.write(`  ${pc.red('✗')} ${label} ${pc.dim(seconds(entry.since))}\n`);
      throw error;
    } finally {
      active.delete(label);
      if (active.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    }
  };
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** A mark that travels: the work has no known length. */
function bar(tick: number): string {
  const at = tick % 8;
  return pc.cyan(`[${' '.repeat(at)}=${' '.repeat(7 - at)}]`);
}
