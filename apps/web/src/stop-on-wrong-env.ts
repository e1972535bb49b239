import { env } from './env';

/** A wrong environment stops the start; Next itself would go on and answer every visit with 500. */
export function stopOnWrongEnv(): void {
  try {
    env();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
