/** R4: Redis is away for 15 s and for 120 s; the first job runs at most 3 s after its return, and nobody helps. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Answers } from '../load.ts';
import { type Scenario, type ScenarioReport, steady, submitAfter, withSystem } from './scenario.ts';

const OUTAGES_MS = [15_000, 120_000];
const FIRST_JOB_MS = 3_000;
const GIVE_UP_MS = 120_000;
const PEOPLE = 2;

export const r4: Scenario = (say) =>
  withSystem('r4', { people: PEOPLE }, async ({ system, load, judge }) => {
    const report: ScenarioReport = { passed: true };
    const answers: Answers[] = [];
    for (const outageMs of OUTAGES_MS) {
      const name = `outage${outageMs / 1000}s`;
      // One job a second, before, during and after.
      const loading = load(steady(name, outageMs / 1000 + 20, outageMs + 20_000, PEOPLE));
      await delay(5_000);
      await system.processes.valkey.kill(outageMs);
      await delay(outageMs);
      await system.processes.valkey.untilUp(30_000);
      const backAt = Date.now();
      answers.push(await loading);
      const firstAt = await submitAfter(system, backAt);
      const firstJobMs = firstAt === null ? GIVE_UP_MS : firstAt - backAt;
      say(`${name}: the first job was dispatched ${firstJobMs} ms after the return`);
      report[`${name}FirstJobMs`] = firstJobMs;
      if (firstJobMs > FIRST_JOB_MS) report.passed = false;
    }
    const { verdict } = await judge(answers);
    const { acknowledged, lost, nonTerminal, findings } = verdict;
    const sound = findings.length === 0;
    return { ...report, passed: report.passed && sound, acknowledged, lost, nonTerminal, findings: findings.length };
  });
