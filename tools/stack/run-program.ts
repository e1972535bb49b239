import { describeError } from './plain-error.ts';

/** Runs a command line to its exit status. A signal ends it with 130; what it started is ended by the watchdog. */
export function runProgram(main: () => Promise<number>): void {
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
    process.on(event, () => process.exit(130));
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(describeError(error));
      process.exit(1);
    },
  );
}
