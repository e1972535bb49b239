/**
 * Judges a run by outside evidence alone: what clients were told, the rows, the GPU's own record, the listing of the store.
 * Pure. Each finding names the invariant that it breaks, as numbered in `docs/decisions/0010-chaos.md`.
 */
import { FINAL_STATES, type JobState, MAX_ATTEMPTS, MAX_CLAIMS } from '@pixgen/domain';
import { keys } from '@pixgen/storage';
import type { RecordLine } from '../gpu-simulator/record.ts';
import type { Crash, Stop } from './supervised.ts';

/** The answer to an order: from then on the job is a promise. */
export type Acknowledgement = { userId: string; key: string; orderId: string; jobId: string; at: string };
/** The answer to a cancel that was granted. */
export type CancelAnswer = { userId: string; jobId: string; state: string; at: string };
/** A valid call that was refused. */
export type Refusal = { userId: string; key: string; code: string; at: string };
/** A final state as it was seen while the run went on. */
export type Observation = { jobId: string; state: string; costMicroUsd: number; at: string };

/** Times are ISO with milliseconds, all by this machine's clock. */
export type Rows = {
  jobs: {
    id: string;
    userId: string;
    kind: string;
    orderId: string;
    state: JobState;
    attempt: number;
    holdMicroUsd: number;
    costMicroUsd: number;
    plannedImages: number;
  }[];
  /** Ids of the jobs that are listed as alive. */
  live: string[];
  attempts: { jobId: string; attempt: number; claimEpoch: number }[];
  events: { number: number; jobId: string; type: string; step: number | null; imageId: string | null; at: string }[];
  inbox: { jobId: string; attempt: number; claimEpoch: number; receivedAt: string; applied: boolean }[];
  ledger: { userId: string; jobId: string; entry: string; amountMicroUsd: number }[];
  users: { id: string; heldMicroUsd: number; spentMicroUsd: number }[];
  keys: { userId: string; key: string; jobId: string }[];
  images: { id: string; orderId: string; state: string; storageKey: string | null }[];
  /** Of the last step. */
  weights: { orderId: string; storageKey: string }[];
  /** Samples, and LoRAs of checkpoints where the job succeeded: kept from every attempt that made one. */
  samples: { storageKey: string }[];
  photos: { key: string; state: string }[];
};

export type Evidence = {
  acknowledgements: Acknowledgement[];
  cancels: CancelAnswer[];
  refusals: Refusal[];
  observations: Observation[];
  rows: Rows;
  /** One list per process of the GPU, in order of their starts. */
  gpu: RecordLine[][];
  /** Every key in the store, after the product's own sweep. */
  objects: string[];
  stops: Stop[];
  crashes: Crash[];
};

export type Invariant = 'I1' | 'I2' | 'I3' | 'I5' | 'I6' | 'I9' | 'I10' | 'I12';
export type Finding = { invariant: Invariant; subject: string; message: string };
export type Verdict = {
  findings: Finding[];
  acknowledged: number;
  /** Acknowledged jobs without a row. */
  lost: number;
  /** Attempts at which two calls worked, or one epoch that was granted twice. */
  ranTwice: number;
  /** Jobs and users whose money does not add up. */
  ledgerDrift: number;
  nonTerminal: number;
};

const STOP_MS = 30_000;
/** The database rounds times to milliseconds, the GPU cuts them off. */
const ROUNDING_MS = 2;
/** Processes of ours, which no outage of another part may end. */
const OURS = new Set(['api', 'worker-1', 'worker-2']);

export function check(evidence: Evidence): Verdict {
  const jobs = checkJobs(evidence);
  const twice = checkClaims(evidence);
  const money = checkLedger(evidence.rows);
  const findings = [
    ...jobs.findings,
    ...twice.findings,
    ...checkEpochs(evidence),
    ...money,
    ...checkKeys(evidence),
    ...checkAbsorption(evidence),
    ...checkObjects(evidence),
    ...checkProcesses(evidence),
  ];
  return {
    findings,
    acknowledged: new Set(evidence.acknowledgements.map(({ jobId }) => jobId)).size,
    lost: jobs.lost,
    ranTwice: twice.ranTwice,
    ledgerDrift: new Set(money.map(({ subject }) => subject)).size,
    nonTerminal: jobs.nonTerminal,
  };
}

const isFinalState = (state: string): boolean => (FINAL_STATES as readonly string[]).includes(state);

/** I1: every acknowledged job has a row, and every row exactly one final state with exactly one line of history for it. */
function checkJobs({ acknowledgements, rows }: Evidence): { findings: Finding[]; lost: number; nonTerminal: number } {
  const findings: Finding[] = [];
  const known = new Set(rows.jobs.map(({ id }) => id));
  const lost = [...new Set(acknowledgements.map(({ jobId }) => jobId))].filter((jobId) => !known.has(jobId));
  for (const jobId of lost) findings.push({ invariant: 'I1', subject: jobId, message: 'acknowledged, but has no row' });
  const finalLines = groupBy(
    rows.events.filter(({ type }) => isFinalState(type)),
    ({ jobId }) => jobId,
  );
  const live = new Set(rows.live);
  let nonTerminal = 0;
  for (const { id, state } of rows.jobs) {
    if (live.has(id) === isFinalState(state)) {
      const message = `is ${state}, but ${live.has(id) ? 'still' : 'not'} listed as alive`;
      findings.push({ invariant: 'I1', subject: id, message });
    }
    const lines = finalLines.get(id) ?? [];
    const told = lines.map(({ type }) => type).join(', ') || 'none';
    if (!isFinalState(state)) {
      nonTerminal += 1;
      findings.push({ invariant: 'I1', subject: id, message: `is still ${state}` });
    } else if (lines.length !== 1 || lines[0]?.type !== state) {
      findings.push({ invariant: 'I1', subject: id, message: `is ${state}, but its history ends: ${told}` });
    }
  }
  return { findings, lost: lost.length, nonTerminal };
}

type Claim = Extract<RecordLine, { kind: 'claim' }>;

function grantedClaims(gpu: RecordLine[][]): Claim[] {
  return gpu.flat().filter((line): line is Claim => line.kind === 'claim' && line.httpStatus === 200);
}

/** I2, the GPU's side: an attempt has one call past the claim, an epoch one grant; limits are kept. */
function checkClaims({ rows, gpu }: Evidence): { findings: Finding[]; ranTwice: number } {
  const findings: Finding[] = [];
  const granted = groupBy(grantedClaims(gpu), ({ jobId, attempt }) => `${jobId} attempt ${attempt}`);
  let ranTwice = 0;
  for (const [subject, claims] of granted) {
    const calls = new Set(claims.map(({ callId }) => callId));
    const epochs = new Set(claims.map(({ epoch }) => epoch));
    if (calls.size === 1 && epochs.size === claims.length) continue;
    ranTwice += 1;
    const message = `${claims.length} grants of ${epochs.size} epochs to ${calls.size} calls`;
    findings.push({ invariant: 'I2', subject, message });
  }
  for (const { jobId, attempt, claimEpoch } of rows.attempts) {
    if (claimEpoch <= MAX_CLAIMS && attempt <= MAX_ATTEMPTS) continue;
    const message = `attempt ${attempt} was claimed ${claimEpoch} times`;
    findings.push({ invariant: 'I2', subject: jobId, message });
  }
  return { findings, ranTwice };
}

/** I2, the product's side: once a GPU knows a newer claim, nothing of an older one is stored or applied. */
function checkEpochs({ rows, gpu }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const byJob = groupBy(grantedClaims(gpu), ({ jobId }) => jobId);
  const newerBefore = (jobId: string, attempt: number, epoch: number, at: string): boolean =>
    (byJob.get(jobId) ?? []).some(
      (claim) =>
        Date.parse(claim.at) + ROUNDING_MS < Date.parse(at) &&
        (claim.attempt > attempt || (claim.attempt === attempt && (claim.epoch ?? 0) > epoch)),
    );
  for (const { jobId, attempt, claimEpoch, receivedAt } of rows.inbox) {
    if (!newerBefore(jobId, attempt, claimEpoch, receivedAt)) continue;
    findings.push({
      invariant: 'I2',
      subject: jobId,
      message: `event of ${attempt}-${claimEpoch} stored after a newer claim`,
    });
  }
  const lines = new Map(rows.events.flatMap((line) => (line.imageId ? [[line.imageId, line] as const] : [])));
  for (const { id, storageKey } of rows.images) {
    const place = placeOf(storageKey);
    const line = lines.get(id);
    if (place && line && newerBefore(place.jobId, place.attempt, place.epoch, line.at))
      findings.push({
        invariant: 'I2',
        subject: place.jobId,
        message: `image of ${storageKey} applied after a newer claim`,
      });
  }
  const attempts = new Map(rows.attempts.map((row) => [`${row.jobId} ${row.attempt}`, row.claimEpoch]));
  const jobs = new Map(rows.jobs.map((job) => [job.id, job]));
  for (const { storageKey } of rows.weights) {
    const place = placeOf(storageKey);
    const job = place && jobs.get(place.jobId);
    if (place && job?.attempt === place.attempt && attempts.get(`${job.id} ${job.attempt}`) === place.epoch) continue;
    findings.push({
      invariant: 'I2',
      subject: place?.jobId ?? storageKey,
      message: `weights of an older claim: ${storageKey}`,
    });
  }
  return findings;
}

/** Job, attempt and claim epoch stand in the key of everything that a GPU wrote. */
function placeOf(key: string | null): { jobId: string; attempt: number; epoch: number } | null {
  const found = /^o\/[^/]+\/([^/.]+)\.(\d+)-(\d+)\./.exec(key ?? '');
  return found ? { jobId: found[1] ?? '', attempt: Number(found[2]), epoch: Number(found[3]) } : null;
}

/** I3: hold = settled + released for every ended job; the counters of a person are the sums. */
function checkLedger(rows: Rows): Finding[] {
  const findings: Finding[] = [];
  const entries = groupBy(rows.ledger, ({ jobId }) => jobId);
  const ready = groupBy(
    rows.images.filter(({ state }) => state === 'ready'),
    ({ orderId }) => orderId,
  );
  const wanted = new Map<string, { held: number; spent: number }>();
  for (const job of rows.jobs) {
    const sum = (entry: string) =>
      (entries.get(job.id) ?? [])
        .filter((line) => line.entry === entry)
        .reduce((all, { amountMicroUsd }) => all + amountMicroUsd, 0);
    const [hold, settled, released] = [sum('hold'), sum('settle'), sum('release')];
    const ended = isFinalState(job.state);
    const share = job.plannedImages === 0 ? 0 : (ready.get(job.orderId)?.length ?? 0) / job.plannedImages;
    const cost = job.state !== 'succeeded' ? 0 : job.kind === 'train' ? hold : Math.floor(hold * share);
    const faults = [
      hold !== job.holdMicroUsd && `holds ${hold}, but promised ${job.holdMicroUsd}`,
      ended && hold !== settled + released && `holds ${hold}, settled ${settled}, released ${released}`,
      ended && settled !== cost && `is ${job.state} and settled ${settled} instead of ${cost}`,
      ended && settled !== job.costMicroUsd && `settled ${settled}, but says ${job.costMicroUsd}`,
      !ended && settled + released !== 0 && `is ${job.state}, but settled ${settled} and released ${released}`,
    ];
    for (const fault of faults) if (fault) findings.push({ invariant: 'I3', subject: job.id, message: fault });
    const user = wanted.get(job.userId) ?? { held: 0, spent: 0 };
    wanted.set(job.userId, { held: user.held + hold - settled - released, spent: user.spent + settled });
  }
  for (const { id, heldMicroUsd, spentMicroUsd } of rows.users) {
    const { held, spent } = wanted.get(id) ?? { held: 0, spent: 0 };
    if (held === heldMicroUsd && spent === spentMicroUsd) continue;
    const message = `holds ${heldMicroUsd} and spent ${spentMicroUsd}, but its entries say ${held} and ${spent}`;
    findings.push({ invariant: 'I3', subject: id, message });
  }
  return findings;
}

/** I5: one key, one job, one answer. */
function checkKeys({ acknowledgements, rows }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const answered = groupBy(acknowledgements, ({ userId, key }) => `${userId} ${key}`);
  const stored = groupBy(rows.keys, ({ userId, key }) => `${userId} ${key}`);
  for (const [subject, answers] of answered) {
    const jobs = new Set([...answers, ...(stored.get(subject) ?? [])].map(({ jobId }) => jobId));
    if (jobs.size === 1) continue;
    findings.push({ invariant: 'I5', subject, message: `stands for ${[...jobs].join(' and ')}` });
  }
  const keyed = groupBy(rows.keys, ({ jobId }) => jobId);
  for (const { id } of rows.jobs) {
    const count = keyed.get(id)?.length ?? 0;
    if (count !== 1) findings.push({ invariant: 'I5', subject: id, message: `a job of ${count} keys` });
  }
  return findings;
}

/** I6: what was final stays so, nothing is written after it, and checkpoints only go on. */
function checkAbsorption({ observations, cancels, rows }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const jobs = new Map(rows.jobs.map((job) => [job.id, job]));
  for (const { jobId, state, costMicroUsd } of observations) {
    const job = jobs.get(jobId);
    if (job?.state === state && job.costMicroUsd === costMicroUsd) continue;
    findings.push({ invariant: 'I6', subject: jobId, message: `was seen ${state}, then became ${job?.state}` });
  }
  for (const { jobId, state } of cancels) {
    const now = jobs.get(jobId)?.state;
    if (state !== 'cancelled' || now !== 'cancelled')
      findings.push({ invariant: 'I6', subject: jobId, message: `a cancel was granted (${state}), but it is ${now}` });
  }
  for (const [subject, lines] of groupBy(rows.events, ({ jobId }) => jobId)) {
    const inOrder = lines.toSorted((a, b) => a.number - b.number);
    const end = inOrder.findIndex(({ type }) => isFinalState(type));
    const late = end < 0 ? [] : inOrder.slice(end + 1);
    if (late.length > 0)
      findings.push({
        invariant: 'I6',
        subject,
        message: `went on after its end: ${late.map(({ type }) => type).join(', ')}`,
      });
    const steps = inOrder.flatMap(({ type, step }) => (type === 'checkpoint' && step !== null ? [step] : []));
    if (steps.some((step, index) => index > 0 && step <= (steps[index - 1] ?? 0)))
      findings.push({ invariant: 'I6', subject, message: `its checkpoints went back: ${steps.join(', ')}` });
  }
  return findings;
}

/** Objects of no row that stay. */
const STANDING = new Set(['ready', keys.installation]);

/** I10: no result without its object; no object that neither belongs to a row nor can be swept. */
function checkObjects({ rows, objects }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const there = new Set(objects);
  const results = [
    ...rows.images.filter(({ state }) => state === 'ready').map(({ storageKey }) => storageKey),
    ...[...rows.weights, ...rows.samples].map(({ storageKey }) => storageKey),
    ...rows.photos.filter(({ state }) => state === 'ready').map(({ key }) => key),
  ];
  const owned = new Set<string>();
  for (const key of results) {
    if (key !== null) owned.add(key);
    if (key === null || !there.has(key))
      findings.push({ invariant: 'I10', subject: key ?? 'no key', message: 'a result without its object' });
  }
  for (const key of objects) {
    const source = key.startsWith('d/') ? key.slice('d/'.length).replace(/\/[^/]+$/, '') : key;
    // `ready` is the stack's own, the mark the installation's, and the sweep empties the quarantine after a day.
    if (STANDING.has(key) || key.startsWith(keys.quarantine) || owned.has(source)) continue;
    findings.push({ invariant: 'I10', subject: key, message: 'an object that belongs to nothing' });
  }
  return findings;
}

/** I9: no outage ends a process or turns a valid call away for good. I12: a graceful stop ends well and in time. */
function checkProcesses({ crashes, stops, refusals }: Evidence): Finding[] {
  const findings: Finding[] = [];
  for (const { process, at, code, signal, lastLines } of crashes) {
    if (!OURS.has(process)) continue;
    const why = lastLines.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
    findings.push({
      invariant: 'I9',
      subject: process,
      message: `ended by itself at ${at} (${signal ?? code}): ${why}`,
    });
  }
  for (const { key, code } of refusals)
    findings.push({ invariant: 'I9', subject: key, message: `a valid call was refused: ${code}` });
  for (const { process, tookMs, code } of stops) {
    if (!OURS.has(process) || (code === 0 && tookMs <= STOP_MS)) continue;
    findings.push({
      invariant: 'I12',
      subject: process,
      message: `a graceful stop took ${tookMs} ms and ended ${code}`,
    });
  }
  return findings;
}

function groupBy<T>(items: readonly T[], name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(name(item));
    if (group) group.push(item);
    else groups.set(name(item), [item]);
  }
  return groups;
}
