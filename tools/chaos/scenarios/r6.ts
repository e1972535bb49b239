/** R6: every event is lost; 1,000 of 1,000 jobs end at most 60 s after their GPU did, by its return value. */
import { type Scenario, steady, withSystem } from './scenario.ts';

const EVERY_MS = 100;
const PEOPLE = 4;
const ENDED_MS = 60_000;

export const r6 = lostEvents('r6', 1_000);

export function lostEvents(name: string, jobs: number): Scenario {
  return () =>
    withSystem(name, { people: PEOPLE, gpu: { imageMs: 100 } }, async ({ system, load, judge }) => {
      await system.controlGpu({ eventFaults: [{ action: 'drop' }] });
      const answers = await load(steady(name, jobs, jobs * EVERY_MS, PEOPLE));
      const { verdict, evidence } = await judge([answers]);
      const ours = new Set(answers.acknowledgements.map(({ jobId }) => jobId));
      const finished = new Map(
        evidence.gpu
          .flat()
          .flatMap((line) =>
            line.kind === 'end' && line.state === 'finished' ? [[line.jobId, Date.parse(line.at)]] : [],
          ),
      );
      const waitedMs = evidence.rows.events.flatMap(({ type, jobId, at }) => {
        const gpuEndedAt = finished.get(jobId);
        return type === 'succeeded' && ours.has(jobId) && gpuEndedAt !== undefined ? [Date.parse(at) - gpuEndedAt] : [];
      });
      const longestMs = Math.max(...waitedMs);
      const findings = verdict.findings.length;
      const passed = waitedMs.length === jobs && longestMs <= ENDED_MS && findings === 0;
      return { passed, jobs, succeeded: waitedMs.length, longestMs, findings };
    });
}
