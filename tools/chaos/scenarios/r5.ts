/** R5: every worker is killed with a job in its hand; the job goes on within 15 s (p95). */
import type { Answers } from '../load.ts';
import { generation, quantile, type Scenario, submitAfter, withSystem } from './scenario.ts';

const ROUNDS = 20;
const RESTART_MS = 500;
const RESUMED_MS = 15_000;
const GIVE_UP_MS = 120_000;

export const r5: Scenario = (say) =>
  withSystem('r5', { people: 1 }, async ({ system, load, judge }) => {
    const resumedMs: number[] = [];
    const answers: Answers[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // The GPU does not answer: the dispatch stays in a worker's hand.
      await system.controlGpu({ submitFaults: [{ answer: 'hang' }] });
      const given = await load([{ atMs: 0, person: 0, orders: [generation(`r5-round-${round}`)] }]);
      answers.push(given);
      const jobId = given.acknowledgements[0]?.jobId ?? '';
      await submitAfter(system, 0, { jobId, answer: 'hang' });
      await system.controlGpu({ submitFaults: [] });
      const killedAt = Date.now();
      // Which one has it is not known outside; that both die is the worse case.
      await Promise.all((['worker-1', 'worker-2'] as const).map((name) => system.processes[name].kill(RESTART_MS)));
      const resumedAt = await submitAfter(system, killedAt, { jobId, answer: 'accepted' });
      resumedMs.push(resumedAt === null ? GIVE_UP_MS : resumedAt - killedAt);
      say(`round ${round + 1}: went on after ${resumedMs.at(-1)} ms`);
    }
    const { verdict } = await judge(answers);
    const p95Ms = quantile(resumedMs, 0.95);
    const findings = verdict.findings.length;
    return {
      passed: p95Ms <= RESUMED_MS && findings === 0,
      rounds: ROUNDS,
      p50Ms: quantile(resumedMs, 0.5),
      p95Ms,
      longestMs: Math.max(...resumedMs),
      findings,
    };
  });
