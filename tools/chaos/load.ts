/** The people of a run: they order, repeat and cancel through the API, and write down every answer they got. */
import { setTimeout as delay } from 'node:timers/promises';
import { createPixgenClient } from '@pixgen/trpc/client';
import { obtainApiKey } from '../demo/account.ts';
import { createModel, trainModel } from '../demo/main-job.ts';
import { samplePhotos } from '../demo/photos.ts';
import type { Acknowledgement, CancelAnswer, Refusal } from './checker.ts';
import type { History } from './history.ts';
import type { PlannedOrder, PlannedRequest } from './plan.ts';

export type Person = { userId: string; apiKey: string; modelId: string };

export type Answers = { acknowledgements: Acknowledgement[]; cancels: CancelAnswer[]; refusals: Refusal[] };

const REQUEST_MS = 6_000;
const RETRY_MS = 400;
const MAX_BATCH = 10;
/** Answers that a client takes for "later": the call is sent again with the same key. */
const LATER = new Set(['UNAVAILABLE', 'INTERNAL', 'RATE_LIMITED', 'IDEMPOTENCY_IN_PROGRESS']);

/** A person with a trained model. Called before anything is hurt. */
export async function createPerson(apiUrl: string, name: string): Promise<Person> {
  const apiKey = await signUp(apiUrl, name);
  const client = createPixgenClient({ baseUrl: apiUrl, apiKey });
  const model = await createModel(client, { name, classWord: 'toy' }, samplePhotos('robot').slice(0, 5), () => {});
  await trainModel(client, { modelId: model.id, preset: 'fast' }, () => {});
  return { userId: (await client.account.me.query()).id, apiKey, modelId: model.id };
}

/** As a person would: later, when all of them come at once and the machine is busy. */
async function signUp(apiUrl: string, name: string, tries = 10): Promise<string> {
  return obtainApiKey(apiUrl, name).catch(async (error: Error) => {
    if (tries === 1 || !error.message.includes('HTTP 503')) throw error;
    await delay(2_000);
    return signUp(apiUrl, name, tries - 1);
  });
}

export type LoadOptions = {
  apiUrl: string;
  people: readonly Person[];
  requests: readonly PlannedRequest[];
  history: History;
  /** Ends the repetitions; what is not acknowledged by then is missing in the answers. */
  signal: AbortSignal;
};

/** Sends every request at its time and repeats it until each of its orders has an answer. */
export async function runLoad(options: LoadOptions): Promise<Answers> {
  const answers: Answers = { acknowledgements: [], cancels: [], refusals: [] };
  const startedAt = performance.now();
  await Promise.all(
    options.requests.map(async (request) => {
      await delay(Math.max(0, startedAt + request.atMs - performance.now()));
      await order(options, request, answers);
    }),
  );
  return answers;
}

async function order(options: LoadOptions, request: PlannedRequest, answers: Answers): Promise<void> {
  const person = options.people[request.person % options.people.length];
  if (person === undefined) throw new Error('a load needs people');
  let open = request.orders.flatMap((planned) => Array.from({ length: planned.copies }, () => planned));
  const after: Promise<void>[] = [];
  const begun = new Set<string>();
  while (open.length > 0 && !options.signal.aborted) {
    const turn = open.slice(0, MAX_BATCH);
    const results = await callApi(
      options,
      person,
      turn.map((planned) => [`${area(planned)}.start`, inputOf(planned, person)]),
    );
    const unanswered = open.slice(MAX_BATCH);
    for (const [index, planned] of turn.entries()) {
      const result = results?.[index];
      if (result === undefined || isLater(planned, result)) unanswered.push(planned);
      else if ('error' in result) refuse(options, person, planned, result.error, answers);
      else {
        const accepted = acknowledge(options, person, planned, result.data, answers);
        if (begun.has(planned.key)) continue;
        begun.add(planned.key);
        after.push(
          replayLater(options, person, planned, answers),
          cancelLater(options, person, accepted, planned, answers),
        );
      }
    }
    open = unanswered;
    if (open.length > 0) await delay(RETRY_MS);
  }
  await Promise.all(after);
}

/** One training per model at a time: a person waits for the one before. */
function isLater(planned: PlannedOrder, result: Result): boolean {
  if (!('error' in result)) return false;
  return LATER.has(result.error) || (planned.kind === 'train' && result.error === 'STATE_CONFLICT');
}

function acknowledge(
  { history }: LoadOptions,
  { userId }: Person,
  { key }: PlannedOrder,
  data: OrderView,
  { acknowledgements }: Answers,
): Acknowledgement {
  const line = { userId, key, orderId: data.id, jobId: data.job.id, at: new Date().toISOString() };
  acknowledgements.push(line);
  history.note('acknowledged', line);
  return line;
}

function refuse(
  { history }: LoadOptions,
  { userId }: Person,
  { key }: PlannedOrder,
  code: string,
  answers: Answers,
): void {
  const line = { userId, key, code, at: new Date().toISOString() };
  answers.refusals.push(line);
  history.note('refused', line);
}

async function replayLater(
  options: LoadOptions,
  person: Person,
  planned: PlannedOrder,
  answers: Answers,
): Promise<void> {
  if (planned.replayAfterMs === null) return;
  await delay(planned.replayAfterMs);
  while (!options.signal.aborted) {
    const [result] = (await callApi(options, person, [[`${area(planned)}.start`, inputOf(planned, person)]])) ?? [];
    if (result !== undefined && !('error' in result && LATER.has(result.error))) {
      if ('error' in result) refuse(options, person, planned, result.error, answers);
      else acknowledge(options, person, planned, result.data, answers);
      return;
    }
    await delay(RETRY_MS);
  }
}

async function cancelLater(
  options: LoadOptions,
  person: Person,
  accepted: Acknowledgement,
  planned: PlannedOrder,
  { cancels, refusals }: Answers,
): Promise<void> {
  if (planned.cancelAfterMs === null) return;
  await delay(planned.cancelAfterMs);
  const { jobId, orderId, userId, key } = accepted;
  while (!options.signal.aborted) {
    const [result] = (await callApi(options, person, [[`${area(planned)}.cancel`, { id: orderId }]])) ?? [];
    if (result !== undefined && !('error' in result && LATER.has(result.error))) {
      const at = new Date().toISOString();
      if (!('error' in result)) {
        const line = { userId, jobId, state: result.data.job.state, at };
        cancels.push(line);
        options.history.note('cancelled', line);
      } else if (result.error !== 'STATE_CONFLICT') refusals.push({ userId, key, code: result.error, at });
      return;
    }
    await delay(RETRY_MS);
  }
}

type OrderView = { id: string; job: { id: string; state: string } };
type Result = { data: OrderView } | { error: string };

/** One batched request; null when no whole answer came. */
export async function callApi(
  { apiUrl, history }: Pick<LoadOptions, 'apiUrl' | 'history'>,
  { apiKey }: Person,
  calls: readonly (readonly [procedure: string, input: object])[],
): Promise<Result[] | null> {
  const path = calls.map(([procedure]) => procedure).join(',');
  try {
    const answer = await fetch(`${apiUrl}/trpc/${path}?batch=1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(Object.fromEntries(calls.map(([, input], index) => [index, input]))),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const body = (await answer.json()) as unknown;
    if (!Array.isArray(body)) {
      history.note('no batch answer', { status: answer.status });
      return null;
    }
    return body.map((entry: { result?: { data: OrderView }; error?: { data?: { appCode?: string } } }) =>
      entry.result ? { data: entry.result.data } : { error: entry.error?.data?.appCode ?? `HTTP ${answer.status}` },
    );
  } catch {
    return null;
  }
}

const area = ({ kind }: PlannedOrder): 'training' | 'generation' => (kind === 'train' ? 'training' : 'generation');

function inputOf({ key, kind, images }: PlannedOrder, { modelId }: Person): object {
  return kind === 'train'
    ? { modelId, preset: 'fast', idempotencyKey: key }
    : { modelId, prompt: `a toy in the rain, ${key}`, n: images, idempotencyKey: key };
}
