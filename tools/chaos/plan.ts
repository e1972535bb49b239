/** What will be asked of the system and what will be done to it, when and to whom: a pure function of seed and dose. */
import { type SimulatorConfigInput, seededRandom } from '../gpu-simulator/faults.ts';
import { LINKS, type LinkName, type ProcessName } from './system.ts';
import type { LinkFault } from './tcp-proxy.ts';

export type Dose = {
  jobs: number;
  kills: number;
  /** People who order at the same time, each with a trained model of their own. */
  people: number;
};

/** One order of a person; `key` names it in every repetition. */
export type PlannedOrder = {
  key: string;
  kind: 'generate' | 'train';
  images: number;
  /** How often it stands in its request. */
  copies: number;
  /** The same call again, so long after its answer. */
  replayAfterMs: number | null;
  cancelAfterMs: number | null;
};

/** One HTTP request, with several orders in a batch. */
export type PlannedRequest = { atMs: number; person: number; orders: PlannedOrder[] };

export type PlannedFault = { atMs: number } & (
  | { kind: 'kill'; process: ProcessName; restartAfterMs: number }
  | { kind: 'terminate'; process: ProcessName; restartAfterMs: number }
  | { kind: 'freeze'; process: ProcessName; forMs: number }
  /** Redis loses everything. */
  | { kind: 'flush' }
  | { kind: 'gpu'; change: SimulatorConfigInput; forMs: number }
  | { kind: 'link'; link: LinkName; fault: LinkFault; forMs: number }
);

export type Plan = { windowMs: number; requests: PlannedRequest[]; faults: PlannedFault[] };

/** Between two kills, on average: a system that never stands is not tested for what it does when it stands again. */
const BETWEEN_KILLS_MS = 4_500;

/** The kills of one block, in seeded order. */
const VICTIMS: readonly ProcessName[] = [
  ...Array<ProcessName>(4).fill('api'),
  ...Array<ProcessName>(3).fill('worker-1'),
  ...Array<ProcessName>(3).fill('worker-2'),
  ...Array<ProcessName>(4).fill('postgres'),
  ...Array<ProcessName>(4).fill('valkey'),
  ...Array<ProcessName>(3).fill('gpu'),
  ...Array<ProcessName>(3).fill('object-store'),
];

/** The GPU's faults of one block. Each has settings of its own, so that two at once do not end each other. */
const GPU_FAULTS: readonly SimulatorConfigInput[] = [
  {
    // Cold starts: by the time of the second submit the first call has not claimed, so that two race for it.
    startMs: 2_500,
    submitFaults: [
      { answer: 'acceptThenError', probability: 0.25 },
      { answer: 'busy', probability: 0.2 },
      { answer: 'error', probability: 0.2 },
      { answer: 'acceptThenHang', probability: 0.1 },
    ],
  },
  {
    eventFaults: [
      { action: 'drop', probability: 0.4 },
      { action: 'duplicate', probability: 0.4 },
      { action: 'reorder', probability: 0.2 },
    ],
  },
  {
    crashes: [
      { at: 'midTrain', effect: 'restart', probability: 0.3 },
      { at: 'afterUpload', effect: 'lost', probability: 0.1 },
      { at: 'afterClaim', effect: 'lost', probability: 0.1 },
    ],
  },
  { loseResult: { probability: 0.5 }, failImage: { probability: 0.1, code: 'GPU_OUT_OF_MEMORY' } },
];

/** What a GPU does when nobody hurts it. */
export const GPU_SOUND = {
  startMs: 100,
  submitFaults: [],
  eventFaults: [],
  crashes: [],
  loseResult: null,
  failImage: null,
  capacity: null,
} as const satisfies SimulatorConfigInput;

const LINK_FAULTS: readonly LinkFault[] = [
  { kind: 'latency', ms: 150 },
  { kind: 'bandwidth', bytesPerSecond: 40_000 },
  { kind: 'slicing', bytes: 64 },
  { kind: 'reset' },
  { kind: 'black-hole' },
  { kind: 'half-open' },
  { kind: 'reset' },
  { kind: 'black-hole' },
];

export function planRun(seed: number, dose: Dose): Plan {
  const windowMs = Math.max(1, dose.kills) * BETWEEN_KILLS_MS;
  return { windowMs, requests: planRequests(seed, dose, windowMs), faults: planFaults(seed, dose.kills, windowMs) };
}

export function planRequests(seed: number, { jobs, people }: Omit<Dose, 'kills'>, windowMs: number): PlannedRequest[] {
  const random = seededRandom(seed, 1);
  const within = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const requests: PlannedRequest[] = [];
  for (let planned = 0; planned < jobs; ) {
    const size = random() < 0.15 ? Math.min(within(2, 5), jobs - planned) : 1;
    const orders = Array.from({ length: size }, (): PlannedOrder => {
      const kind = random() < 0.1 ? 'train' : 'generate';
      const [copies, replayed, cancelled] = [random(), random(), random()];
      return {
        key: `chaos-${seed}-${planned++}`,
        kind,
        images: within(1, 4),
        copies: copies < 0.08 ? within(2, 4) : 1,
        replayAfterMs: replayed < 0.12 ? within(0, 20_000) : null,
        cancelAfterMs: cancelled < 0.1 ? within(0, 3_000) : null,
      };
    });
    requests.push({ atMs: within(0, windowMs), person: within(0, people), orders });
  }
  return requests.toSorted((a, b) => a.atMs - b.atMs);
}

function planFaults(seed: number, kills: number, windowMs: number): PlannedFault[] {
  const random = seededRandom(seed, 2);
  const within = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, place: random() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ item }) => item);
  const link = (): LinkName => LINKS[within(0, LINKS.length)] ?? 'gpu>api';
  const faults: PlannedFault[] = [];
  const blocks = Math.ceil(kills / VICTIMS.length);
  const victims = Array.from({ length: blocks }, () => shuffled(VICTIMS)).flat();
  for (const [index, process] of victims.slice(0, kills).entries()) {
    const atMs = index * BETWEEN_KILLS_MS + within(0, BETWEEN_KILLS_MS);
    faults.push({ atMs, kind: 'kill', process, restartAfterMs: within(100, 3_000) });
  }
  for (let block = 0; block < blocks; block++) {
    const from = (block * windowMs) / blocks;
    const at = () => within(from, from + windowMs / blocks);
    for (const process of ['worker-1', 'worker-2', 'api', 'gpu'] as const)
      faults.push({ atMs: at(), kind: 'freeze', process, forMs: within(2_000, 9_000) });
    for (const process of ['worker-1', 'worker-2', 'api'] as const)
      faults.push({ atMs: at(), kind: 'terminate', process, restartAfterMs: within(100, 2_000) });
    faults.push({ atMs: at(), kind: 'flush' });
    for (const change of GPU_FAULTS) faults.push({ atMs: at(), kind: 'gpu', change, forMs: within(6_000, 15_000) });
    for (const fault of LINK_FAULTS)
      faults.push({ atMs: at(), kind: 'link', link: link(), fault, forMs: within(2_000, 8_000) });
  }
  return faults.toSorted((a, b) => a.atMs - b.atMs);
}
