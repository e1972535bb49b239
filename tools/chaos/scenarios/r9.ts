/** R9: 50 graceful stops under load; nothing stalls, nothing is done twice, every process is gone within 30 s. */
import { QUEUE_PREFIX, TASK_NAMES } from '@pixgen/queue';
import { QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import type { PlannedFault } from '../plan.ts';
import { runChaos } from '../run.ts';
import { type Scenario, steady } from './scenario.ts';

const STOPS = 50;
const EVERY_MS = 4_000;
const WINDOW_MS = STOPS * EVERY_MS;
const DOSE = { jobs: 400, kills: 0, people: 4 };
const VICTIMS = ['worker-1', 'api', 'worker-2'] as const;

export const r9: Scenario = async (say) => {
  const faults = Array.from({ length: STOPS }, (_, index): PlannedFault => {
    const process = VICTIMS[index % VICTIMS.length] ?? 'api';
    return { atMs: index * EVERY_MS + 1_000, kind: 'terminate', process, restartAfterMs: 200 };
  });
  const plan = { windowMs: WINDOW_MS, requests: steady('r9', DOSE.jobs, WINDOW_MS, DOSE.people, 2), faults };
  let stalled = 0;
  const { verdict, evidence, report } = await runChaos({
    name: 'r9',
    seed: 9,
    dose: DOSE,
    plan,
    say,
    async watch({ stores }) {
      const connections = TASK_NAMES.map(() => new Redis(stores.REDIS_URL ?? '', { maxRetriesPerRequest: null }));
      const listeners = TASK_NAMES.map((name, index) => {
        const connection = connections[index];
        if (!connection) throw new Error('a queue has no connection');
        const listener = new QueueEvents(name, { connection, prefix: QUEUE_PREFIX });
        listener.on('stalled', () => {
          stalled += 1;
        });
        return listener;
      });
      await Promise.all(listeners.map((listener) => listener.waitUntilReady()));
      return async () => {
        await Promise.all(listeners.map((listener) => listener.close()));
        for (const connection of connections) connection.disconnect();
      };
    },
  });
  const submits = evidence.gpu
    .flat()
    .flatMap((line) => (line.kind === 'submit' ? [`${line.jobId} ${line.attempt}`] : []));
  const repeated = submits.length - new Set(submits).size;
  const longestStopMs = Math.max(0, ...evidence.stops.map(({ tookMs }) => tookMs));
  const findings = verdict.findings.length;
  return {
    passed: findings === 0 && stalled === 0 && repeated === 0 && evidence.stops.length === STOPS,
    stops: evidence.stops.length,
    longestStopMs,
    acknowledged: report.acknowledged,
    stalled,
    repeated,
    findings,
  };
};
