/** I2: a worker is frozen for 65 s, far past its locks, then goes on with what it had in its hands. */
import { runChaos } from '../run.ts';
import { type Scenario, steady } from './scenario.ts';

const DOSE = { jobs: 120, kills: 0, people: 3 };
const FROZEN_MS = 65_000;

export const i2: Scenario = async (say) => {
  const plan = {
    windowMs: FROZEN_MS,
    requests: steady('i2', DOSE.jobs, 60_000, DOSE.people, 2),
    faults: [
      // Submits that take their time, so that some are under way when the clock stops.
      { atMs: 0, kind: 'link', link: 'worker-1>gpu', fault: { kind: 'latency', ms: 400 }, forMs: 10_000 } as const,
      { atMs: 5_000, kind: 'freeze', process: 'worker-1', forMs: FROZEN_MS } as const,
    ],
  };
  const { verdict, evidence } = await runChaos({ name: 'i2', seed: 2, dose: DOSE, plan, say });
  const { acknowledged, ranTwice, nonTerminal, findings } = verdict;
  const submits = evidence.gpu.flat().filter(({ kind }) => kind === 'submit').length;
  const passed = findings.length === 0 && acknowledged === DOSE.jobs;
  return { passed, acknowledged, submits, ranTwice, nonTerminal, findings: findings.length };
};
