/** Refusals as numbers: a line a minute at most, however many try, and none while nobody is refused. */
import type { ErrorCode } from '@pixgen/domain';

const EVERY_MS = 60_000;

export type RefusalCount = { note: (code: ErrorCode) => void; tell: () => void };

declare module 'fastify' {
  interface FastifyInstance {
    refusals: RefusalCount;
  }
}

/** Whoever guesses passwords, forges signatures or looks for what is another's is seen here; each refusal alone is a debug line. */
export function countRefusals(log: { info: (fields: object, message: string) => void }): RefusalCount {
  const refused = new Map<ErrorCode, number>();
  let timer: NodeJS.Timeout | undefined;
  function tell(): void {
    clearTimeout(timer);
    timer = undefined;
    if (refused.size === 0) return;
    log.info({ refused: Object.fromEntries(refused) }, 'requests were refused');
    refused.clear();
  }
  return {
    note(code) {
      refused.set(code, (refused.get(code) ?? 0) + 1);
      timer ??= setTimeout(tell, EVERY_MS).unref();
    },
    tell,
  };
}
