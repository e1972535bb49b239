/** R2: Postgres is killed every 5 to 20 s during 5,000 events and 1,000 jobs; nothing that was acknowledged is lost. */
import { seededRandom } from '../../gpu-simulator/faults.ts';
import { type PlannedFault, planRequests } from '../plan.ts';
import { runChaos } from '../run.ts';
import type { Scenario } from './scenario.ts';

const WINDOW_MS = 300_000;
const DOSE = { jobs: 1_000, kills: 0, people: 8 };
/** So each job has five events: the last image comes with the end. */
const IMAGES = 5;

export const r2: Scenario = async (say) => {
  const random = seededRandom(2, 0);
  const faults: PlannedFault[] = [];
  for (let atMs = 3_000; atMs < WINDOW_MS; atMs += 5_000 + random() * 15_000)
    faults.push({ atMs, kind: 'kill', process: 'postgres', restartAfterMs: 100 + random() * 900 });
  const requests = planRequests(2, DOSE, WINDOW_MS).map((request) => ({
    ...request,
    orders: request.orders.map((order) => ({
      ...order,
      kind: 'generate' as const,
      images: IMAGES,
      cancelAfterMs: null,
    })),
  }));
  const plan = { windowMs: WINDOW_MS, requests, faults };
  const { report, verdict, evidence } = await runChaos({
    name: 'r2',
    seed: 2,
    dose: DOSE,
    plan,
    say,
    system: { gpu: { imageMs: 100 } },
  });
  const { acknowledged, lost, nonTerminal, seconds } = report;
  const events = evidence.rows.inbox.length;
  const findings = verdict.findings.length;
  const passed = findings === 0 && acknowledged >= DOSE.jobs && events >= 5_000;
  return { passed, restarts: report.kills, acknowledged, events, lost, nonTerminal, findings, seconds };
};
