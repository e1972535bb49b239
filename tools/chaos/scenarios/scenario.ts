/** A fault of one kind, measured. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordLine } from '../../gpu-simulator/record.ts';
import { check, type Evidence, type Verdict } from '../checker.ts';
import { watchEnds } from '../evidence.ts';
import { type History, startHistory } from '../history.ts';
import { type Answers, createPerson, type Person, runLoad } from '../load.ts';
import type { PlannedOrder, PlannedRequest } from '../plan.ts';
import { gather, healed, quiet } from '../run.ts';
import { freshFolder, type System, type SystemOptions, startSystem } from '../system.ts';

export type ScenarioReport = { passed: boolean } & Record<string, number | boolean | string>;
export type Scenario = (say: (line: string) => void) => Promise<ScenarioReport>;

export type Scene = {
  system: System;
  people: Person[];
  history: History;
  /** Sends requests at their times; resolves when each order has its answer. */
  load: (requests: PlannedRequest[]) => Promise<Answers>;
  /** Waits for the end of everything and judges it. */
  judge: (answers: Answers[]) => Promise<{ verdict: Verdict; evidence: Evidence }>;
};

const HEAL_MS = 180_000;
const SUBMIT_MS = 120_000;

/**
 * Starts a system with people, lets `work` do its fault and stops it again.
 *
 * @param options.prepare given the run's folder before anything starts in it
 */
export async function withSystem(
  name: string,
  options: { people: number; prepare?: (folder: string) => Promise<void> } & Pick<SystemOptions, 'gpu' | 'env'>,
  work: (scene: Scene) => Promise<ScenarioReport>,
): Promise<ScenarioReport> {
  const folder = freshFolder(name);
  await options.prepare?.(folder);
  const history = startHistory(join(folder, 'history.jsonl'));
  const system = await startSystem({ folder, history, ...options });
  try {
    const people = await Promise.all(
      Array.from({ length: options.people }, (_, index) => createPerson(system.apiUrl, `person-${index}`)),
    );
    const ended = watchEnds(system.stores);
    return await work({
      system,
      people,
      history,
      load: (requests) =>
        runLoad({ apiUrl: system.apiUrl, people, requests, history, signal: AbortSignal.timeout(1_800_000) }),
      async judge(answers) {
        await healed(system, HEAL_MS);
        await quiet(system);
        await ended.end();
        const all: Answers = {
          acknowledgements: answers.flatMap(({ acknowledgements }) => acknowledgements),
          cancels: answers.flatMap(({ cancels }) => cancels),
          refusals: answers.flatMap(({ refusals }) => refusals),
        };
        const evidence = await gather(system, all, ended.observations);
        const verdict = check(evidence);
        for (const finding of verdict.findings) history.note('finding', finding);
        return { verdict, evidence };
      },
    });
  } finally {
    await system.stop();
  }
}

/** One plain generation. */
export function generation(key: string, images = 1): PlannedOrder {
  return { key, kind: 'generate', images, copies: 1, replayAfterMs: null, cancelAfterMs: null };
}

/** `count` plain generations, evenly over `windowMs`. */
export function steady(name: string, count: number, windowMs: number, people: number, images = 1): PlannedRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: (index * windowMs) / count,
    person: index % people,
    orders: [generation(`${name}-${index}-of-chaos`, images)],
  }));
}

/** The value below which `share` of all lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Waits for a submit that the GPU saw at or after `since`, of this job and answered so; null when none comes in two minutes. */
export async function submitAfter(
  system: System,
  since: number,
  wanted: { jobId?: string; answer?: string } = {},
): Promise<number | null> {
  const fits = (line: RecordLine) =>
    line.kind === 'submit' &&
    Date.parse(line.at) >= since &&
    (wanted.jobId === undefined || line.jobId === wanted.jobId) &&
    (wanted.answer === undefined || line.answer === wanted.answer);
  for (let waitedMs = 0; waitedMs < SUBMIT_MS; waitedMs += 50) {
    const line = system.gpuRecord().flat().find(fits);
    if (line) return Date.parse(line.at);
    await delay(50);
  }
  return null;
}
