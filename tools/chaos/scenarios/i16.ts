/** I16: a training takes its machine down at every start; it fails after three, gives its hold back and blocks no other. */
import { type Scenario, steady, withSystem } from './scenario.ts';

const OTHERS = 40;
const WINDOW_MS = 20_000;

export const i16: Scenario = () =>
  withSystem('i16', { people: 2 }, async ({ system, load, judge }) => {
    await system.controlGpu({ crashes: [{ at: 'midTrain', effect: 'restart', times: 1_000, kind: 'train' }] });
    const poison = {
      key: 'i16-the-poison',
      kind: 'train',
      images: 0,
      copies: 1,
      replayAfterMs: null,
      cancelAfterMs: null,
    } as const;
    const answers = await load([{ atMs: 0, person: 0, orders: [poison] }, ...steady('i16', OTHERS, WINDOW_MS, 2)]);
    const { verdict, evidence } = await judge([answers]);
    const stateOf = (key: string) => {
      const jobId = answers.acknowledgements.find((line) => line.key === key)?.jobId;
      return evidence.rows.jobs.find(({ id }) => id === jobId);
    };
    const poisoned = stateOf(poison.key);
    const starts = evidence.gpu
      .flat()
      .filter((line) => line.kind === 'claim' && line.jobId === poisoned?.id && line.httpStatus === 200);
    const others = answers.acknowledgements
      .filter(({ key }) => key !== poison.key)
      .map(({ key }) => stateOf(key)?.state);
    const succeeded = others.filter((state) => state === 'succeeded').length;
    const findings = verdict.findings.length;
    return {
      passed: poisoned?.state === 'failed' && starts.length <= 3 && succeeded === OTHERS && findings === 0,
      poison: poisoned?.state ?? 'missing',
      starts: starts.length,
      othersSucceeded: succeeded,
      findings,
    };
  });
