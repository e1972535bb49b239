/** R7: answers of submits are lost, so that calls are made twice; the second costs at most 5 s of a container and no GPU. */
import { type Scenario, steady, withSystem } from './scenario.ts';

const JOBS = 200;
const WINDOW_MS = 60_000;
const PEOPLE = 2;
const COLD_START_MS = 2_500;
const DUPLICATE_MS = 5_000;
const WASTE = 0.01;

export const r7: Scenario = () =>
  // A cold start outlasts the pause before the next submit: with a warm GPU the first call has claimed by then.
  withSystem('r7', { people: PEOPLE, gpu: { startMs: COLD_START_MS } }, async ({ system, load, judge }) => {
    await system.controlGpu({ submitFaults: [{ answer: 'acceptThenError', probability: 0.4 }] });
    const answers = await load(steady('r7', JOBS, WINDOW_MS, PEOPLE));
    const { verdict, evidence } = await judge([answers]);
    const ends = evidence.gpu.flat().flatMap((line) => (line.kind === 'end' ? [line] : []));
    const duplicates = ends.filter(({ state }) => state === 'superseded');
    const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
    const wasted = sum(duplicates.map(({ gpuMs }) => gpuMs)) / sum(ends.map(({ gpuMs }) => gpuMs));
    const longestMs = Math.max(0, ...duplicates.map(({ containerMs }) => containerMs));
    const findings = verdict.findings.length;
    return {
      passed: duplicates.length > 0 && longestMs <= DUPLICATE_MS && wasted <= WASTE && findings === 0,
      jobs: JOBS,
      duplicates: duplicates.length,
      longestDuplicateContainerMs: longestMs,
      wastedGpuShare: Number(wasted.toFixed(4)),
      findings,
    };
  });
