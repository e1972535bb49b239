/** Mutants that change nothing a test could see, each with its reason. Kept short: a missing test is no reason. */
import type { Mutant } from './mutants.ts';

type Equivalent = { file: string /** Part of its line. */; line: string; before: string; after: string; why: string };

const TWICE = 'said before and after the wait for the lock: each covers for the other';

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'webhook-signature.ts',
    line: 'whsec_',
    before: '^',
    after: '',
    why: 'base64 has no underscore, so the word is at the start or nowhere',
  },
  ...['j.attempt = mv.attempt', 'j.state = ANY (mv."from")'].map((before) => ({
    file: 'job-moves.ts',
    line: 'j.attempt = mv.attempt',
    before,
    after: 'true',
    why: TWICE,
  })),
  {
    file: 'job-moves.ts',
    line: 'j.id = locked.id',
    before: 'j.id = locked.id',
    after: 'true',
    why: TWICE,
  },
  ...(['accept-jobs', 'move-jobs'] as const).map((name) => ({
    file: `${name === 'move-jobs' ? 'job-moves' : name}.ts`,
    line: `statementOf('${name}'`,
    before: `'${name}'`,
    after: `'${name}x'`,
    why: 'the name of a prepared statement',
  })),
  {
    file: 'accept-jobs.ts',
    line: 'FROM ok WHERE "holdMicroUsd" > 0 GROUP BY',
    before: '>',
    after: '>=',
    why: 'adds nothing to what is held',
  },
  {
    file: 'accept-jobs.ts',
    line: 'money: requests.some(',
    before: '>',
    after: '>=',
    why: 'a statement with a part more, which finds no row',
  },
  {
    file: 'accept-jobs.ts',
    line: '?? -1]?.jobId',
    before: '1',
    after: '2',
    why: 'no request has that index either',
  },
  {
    file: 'job-moves.ts',
    line: 'WHERE final AND "holdMicroUsd" > 0 GROUP BY',
    before: '>',
    after: '>=',
    why: 'adds and subtracts nothing: a job without a hold costs nothing',
  },
  {
    file: 'claims.ts',
    line: 'const isFirst = ',
    before: '&&',
    after: '||',
    why: 'columns of one row that is there or not: the others are asked for their types',
  },
  {
    file: 'job-moves.ts',
    line: 'p."trainingId" = moved."orderId"',
    before: `moved.kind = 'train'`,
    after: 'true',
    why: 'no generation has the id of a training',
  },
  {
    file: 'job-moves.ts',
    line: `else if (to !== 'running')`,
    before: `'running'`,
    after: `'runningx'`,
    why: 'a statement with parts more, which find no row',
  },
  {
    file: 'next-move.ts',
    line: 'stoppableSteps === null ||',
    before: '>=',
    after: '>',
    why: 'all of the steps is the whole price either way',
  },
  {
    file: 'outbox.ts',
    line: '"dueAt" <= now()',
    before: '<=',
    after: '<',
    why: 'the difference is one microsecond, and the relay looks again',
  },
];

/** The entry that names this mutant. */
export function findEquivalent(file: string, source: string, mutant: Mutant): Equivalent | undefined {
  const line = source.split('\n')[mutant.line - 1] ?? '';
  return EQUIVALENT.find(
    (one) =>
      file.endsWith(one.file) && line.includes(one.line) && one.before === mutant.before && one.after === mutant.after,
  );
}
