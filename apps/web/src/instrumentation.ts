import { stopOnWrongEnv } from './env';

/** Next calls this once when the server starts. */
export function register(): void {
  stopOnWrongEnv();
}
