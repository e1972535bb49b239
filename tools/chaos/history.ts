/** Everything that happened in a run, as JSON lines: what the checker judges, and what a person reads after a failure. */
import { appendFileSync, writeFileSync } from 'node:fs';

export type History = {
  /** Adds a line with the time and the ms since the run's clock was started. */
  note(what: string, fields: object): void;
  readonly file: string;
};

export function startHistory(file: string): History {
  writeFileSync(file, '');
  const startedAt = performance.now();
  return {
    file,
    note(what, fields) {
      const line = { at: new Date().toISOString(), ms: Math.round(performance.now() - startedAt), what, ...fields };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    },
  };
}
