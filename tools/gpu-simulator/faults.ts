/** What the simulator can be told to do wrong, as data: given at start, changed at run time through `POST /control`. */
import { gpuFailureCode, gpuPhase, jobKind } from '@pixgen/domain';
import { z } from 'zod';

const probability = z.number().min(0).max(1).default(1);
const ms = z.number().min(0).max(3_600_000);

const eventType = z.enum([
  'heartbeat',
  'progress',
  'preview',
  'image',
  'checkpoint',
  'weights',
  'sample',
  'succeeded',
  'failed',
]);

/** The named points of a call's life where it can be stopped; drawn anew at each passage. */
const crashPoint = z.enum(['beforeClaim', 'afterClaim', 'midTrain', 'afterUpload', 'beforeEvent']);
export type CrashPoint = z.infer<typeof crashPoint>;

const eventFault = z.strictObject({
  types: z
    .array(eventType)
    .min(1)
    .default([...eventType.options]),
  /**
   * `drop`: never sent. `delay`: sent `delayMs` late while the work goes on. `duplicate`: sent twice with one id.
   * `reorder`: sent after the event that follows it. `forge`: preceded by a copy signed with a wrong secret.
   */
  action: z.enum(['drop', 'delay', 'duplicate', 'reorder', 'forge']),
  probability,
  delayMs: ms.default(1000),
});
export type EventFault = z.infer<typeof eventFault>;

const crash = z.strictObject({
  at: crashPoint,
  probability,
  /**
   * `lost`: the provider forgets the call. `restart`: pre-emption, the same call id starts again after `restartAfterMs`.
   * `hang`: works for ever, with heartbeats. `silent`: works for ever and says nothing more.
   */
  effect: z.enum(['lost', 'restart', 'hang', 'silent']),
  restartAfterMs: ms.default(0),
  /** How often this rule may strike one call. */
  times: z.int().min(1).default(1),
  /** Strikes only jobs of this kind, known after the claim: a poison job among sound ones. */
  kind: jobKind.nullable().default(null),
});
export type CrashRule = z.infer<typeof crash>;

const submitFault = z.strictObject({
  /**
   * `busy` 429, `error` 500, `refuse` 400, each without a call. `hang`: no answer, no call.
   * `acceptThenError`, `acceptThenHang`: the call runs, but the caller never learns its id.
   */
  answer: z.enum(['busy', 'error', 'refuse', 'hang', 'acceptThenError', 'acceptThenHang']),
  probability,
});

export const simulatorConfig = z.strictObject({
  /** Same seed and same order of submits = same faults for durable events and crash points. */
  seed: z.int().default(1),
  /** Between submit and claim: a cold start. */
  startMs: ms.default(0),
  /** Simulated work. 0 = no timers at all, for benchmarks. */
  stepMs: ms.default(0),
  imageMs: ms.default(0),
  /** Comes as far as this phase and stays in it, with heartbeats, until told otherwise. */
  holdAt: gpuPhase.nullable().default(null),
  heartbeatMs: ms.min(20).default(5000),
  progressMs: ms.default(1000),
  /** Also write a checkpoint every so many steps, whatever the order says of time. */
  checkpointEverySteps: z.int().min(1).nullable().default(null),
  /** Fetch and hash photos, weights and checkpoints, as a real GPU would. */
  fetchSources: z.boolean().default(false),
  /** Calls at once; more are answered 429. */
  capacity: z.int().min(0).nullable().default(null),
  /** First wait between tries of one HTTP call; doubles up to 20 s. */
  retryBaseMs: ms.default(250),
  maxTries: z.int().min(1).max(20).default(8),
  requestTimeoutMs: ms.min(1).default(15_000),
  submitFaults: z.array(submitFault).default([]),
  eventFaults: z.array(eventFault).default([]),
  crashes: z.array(crash).default([]),
  /** The call ends, but its result cannot be read afterwards. */
  loseResult: z.strictObject({ probability }).nullable().default(null),
  /** The whole job, or single images, end in a reported failure. */
  failJob: z.strictObject({ probability, code: gpuFailureCode, retryable: z.boolean() }).nullable().default(null),
  failImage: z.strictObject({ probability, code: gpuFailureCode }).nullable().default(null),
  /** Lines of the record kept; older ones are dropped, the totals stay exact. */
  recordLimit: z.int().min(0).default(200_000),
  /** Ended calls whose status can still be asked for. */
  keepEnded: z.int().min(1).default(20_000),
});
export type SimulatorConfig = z.infer<typeof simulatorConfig>;
export type SimulatorConfigInput = z.input<typeof simulatorConfig>;

/** A seeded generator of numbers in [0, 1) (splitmix32): the same arguments give the same sequence. */
export function seededRandom(seed: number, stream: number): () => number {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(stream + 1, 0xc2b2ae35)) | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}
