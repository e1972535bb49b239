/**
 * W3: genuine events of real jobs, each sent many times, in any order and several at once, to API and worker at work. What
 * came of them is read from Postgres.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { claimSecret } from '@pixgen/core';
import { seededRandom } from '../gpu-simulator/faults.ts';
import { signedHeaders, signingKey } from '../gpu-simulator/sign.ts';
import { type Person, type Product, startProduct } from '../testing/product.ts';
import { createTrainedModel, hasEnded, until } from '../testing/studio.ts';
import { type HeldClaim, holdClaim, holdJobs, uploadImage } from './claims.ts';
import { createSender, type Sender } from './http.ts';

const IMAGES = 4;
const IMAGE_PRICE_MICRO_USD = 1_000;
const DELIVERIES_PER_JOB = 100;
const JOBS_AT_ONCE = 4;
const IN_FLIGHT_PER_JOB = 4;

export type ReplayReport = {
  deliveries: number;
  jobs: number;
  accepted: number;
  /** Told to stop: an old claim's, or new to a job that had ended. */
  gone: number;
  otherAnswers: number;
  /** Answered other than 2xx although the same event had been accepted before. */
  duplicatesRefused: number;
  /** Jobs, images, history lines and money that are not exactly what one delivery of each event makes. */
  effectDrift: number;
  /** Of accepted events, signing and the loopback included. */
  p50Ms: number;
  p99Ms: number;
  seed: number;
  seconds: number;
};

export function faultsOfReplays(report: ReplayReport): string[] {
  return [
    report.accepted === 0 && 'nothing was accepted',
    report.otherAnswers > 0 && `${report.otherAnswers} answers were neither 2xx nor 410`,
    report.duplicatesRefused > 0 && `${report.duplicatesRefused} repeated events were refused`,
    report.effectDrift > 0 && `${report.effectDrift} effects are missing or doubled`,
  ].filter((fault) => fault !== false);
}

type Event = { id: string; path: string; secret: string; body: string; durable: boolean };

export async function fuzzReplays(options: { n: number; seed: number }): Promise<ReplayReport> {
  const ticketKey = randomBytes(32).toString('hex');
  const env = { TICKET_KEY: ticketKey, IMAGE_PRICE_MICRO_USD: String(IMAGE_PRICE_MICRO_USD), LOG_LEVEL: 'warn' };
  const product = await startProduct({ env });
  const sender = createSender(product.apiUrl, JOBS_AT_ONCE * IN_FLIGHT_PER_JOB);
  try {
    const person = await product.createPerson();
    const modelId = await createTrainedModel(person);
    holdJobs(product);
    const jobs = Math.ceil(options.n / DELIVERIES_PER_JOB);
    const tally = newTally();
    const startedAt = performance.now();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < jobs) {
        const job = next;
        next += 1;
        const deliveries = Math.min(DELIVERIES_PER_JOB, options.n - job * DELIVERIES_PER_JOB);
        // Claimed twice: what the first claim says is late.
        const claim = await holdClaim(product, person, { modelId, ticketKey, images: IMAGES, epochs: 2 });
        const events = await eventsOf(product, claim, ticketKey);
        await deliver(sender, shuffled(events, deliveries, seededRandom(options.seed, job)), tally);
        await until(
          () => person.client.jobs.get.query({ id: claim.jobId }),
          (view) => hasEnded({ job: view }),
        );
      }
    };
    await Promise.all(Array.from({ length: JOBS_AT_ONCE }, lane));
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    await until(
      () => product.db.prisma.gpuEvent.count({ where: { appliedAt: null } }),
      (waiting) => waiting === 0,
    );
    const { latencies, ...counts } = tally;
    const sorted = latencies.toSorted((left, right) => left - right);
    const at = (share: number): number => Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 10) / 10;
    return {
      ...counts,
      jobs,
      effectDrift: await countDrift(product, person, jobs),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      seed: options.seed,
      seconds,
    };
  } finally {
    sender.close();
    await product.stop();
  }
}

const newTally = () => ({
  deliveries: 0,
  accepted: 0,
  gone: 0,
  otherAnswers: 0,
  duplicatesRefused: 0,
  latencies: [] as number[],
});

/** Three of progress, one per image, the end, and an end that an older claim tells. */
async function eventsOf(product: Product, claim: HeldClaim, ticketKey: string): Promise<Event[]> {
  const { jobId, order } = claim;
  const head = { jobId, attempt: order.attempt, claimEpoch: order.claimEpoch };
  const images = await Promise.all(
    order.images.map(async ({ imageId }) => {
      const object = await uploadImage(product, claim, imageId);
      return { imageId, result: { status: 'succeeded', ...object, width: 64, height: 64, gpuMs: 1, safety: null } };
    }),
  );
  const progress = { type: 'progress', ...head, phase: 'sampling', totalSteps: 3, loss: null, imageIds: [] };
  const path = new URL(order.eventsUrl).pathname;
  const oldEpoch = order.claimEpoch - 1;
  const one = (event: { type: string; [field: string]: unknown }): Event => ({
    id: `msg_${randomUUID()}`,
    path,
    secret: order.signingSecret,
    body: JSON.stringify(event),
    durable: event.type !== 'progress',
  });
  return [
    ...[1, 2, 3].map((step) => one({ ...progress, step })),
    ...images.map((image) => one({ type: 'image', ...head, ...image })),
    one({ type: 'succeeded', ...head, gpuMs: 1, training: null, images }),
    {
      ...one({ type: 'failed', ...head, claimEpoch: oldEpoch, gpuMs: 1, code: 'GPU_LOST', retryable: false }),
      path: path.replace(/\d+$/, String(oldEpoch)),
      secret: claimSecret(ticketKey, jobId, order.attempt, oldEpoch),
    },
  ];
}

/** Every event at least once, then any of them again, all in a drawn order. */
function shuffled(events: Event[], length: number, random: () => number): Event[] {
  const drawn = Array.from(
    { length: Math.max(0, length - events.length) },
    () => events[Math.floor(random() * events.length)],
  );
  return [...events, ...drawn]
    .flatMap((event) => (event ? [{ event, place: random() }] : []))
    .toSorted((left, right) => left.place - right.place)
    .map(({ event }) => event);
}

async function deliver(sender: Sender, events: Event[], tally: ReturnType<typeof newTally>): Promise<void> {
  const acceptedIds = new Set<string>();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let event = events[next++]; event; event = events[next++]) {
      const wasAccepted = acceptedIds.has(event.id);
      const startedAt = performance.now();
      // Each try is signed at its own time, as a sender does.
      const headers = signedHeaders(signingKey(event.secret), event.id, Math.floor(Date.now() / 1000), event.body);
      const status = await sender.send({ path: event.path, headers, body: Buffer.from(event.body) });
      tally.deliveries += 1;
      if (status >= 200 && status < 300) {
        tally.accepted += 1;
        tally.latencies.push(performance.now() - startedAt);
        if (event.durable) acceptedIds.add(event.id);
        continue;
      }
      if (status === 410) tally.gone += 1;
      else tally.otherAnswers += 1;
      if (wasAccepted) tally.duplicatesRefused += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT_PER_JOB }, lane));
}

/** Counts what differs from one effect per event. */
async function countDrift({ db }: Product, person: Person, jobs: number): Promise<number> {
  const { prisma } = db;
  const price = IMAGES * IMAGE_PRICE_MICRO_USD;
  const user = await prisma.user.findUniqueOrThrow({ where: { id: person.userId } });
  const ended = await prisma.job.findMany({ where: { kind: 'generate' } });
  const lines = await prisma.jobEvent.groupBy({
    by: ['jobId', 'type', 'imageId'],
    where: { kind: 'generate' },
    _count: true,
  });
  const settled = await prisma.ledgerEntry.groupBy({ by: ['jobId', 'entry'], _count: true });
  const images = await prisma.image.count({ where: { state: 'ready' } });
  const once = lines.filter(({ type }) => type === 'succeeded' || type === 'image');
  return [
    Math.abs(ended.length - jobs),
    ended.filter((job) => job.state !== 'succeeded' || Number(job.costMicroUsd) !== price || job.attempt !== 1).length,
    once.filter(({ _count }) => _count !== 1).length,
    Math.abs(once.filter(({ type }) => type === 'succeeded').length - jobs),
    settled.filter(({ _count }) => _count !== 1).length,
    Math.abs(images - jobs * IMAGES),
    Number(user.heldMicroUsd) === 0 ? 0 : 1,
    Number(user.spentMicroUsd) === jobs * price ? 0 : 1,
  ].reduce((sum, drift) => sum + drift, 0);
}
