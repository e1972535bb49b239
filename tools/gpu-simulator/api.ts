/** The GPU side's three requests to the API besides events: claim, upload URL, and the PUT or GET of objects. */
import { createHash } from 'node:crypto';
import { type StoredObject, type UploadRequest, uploadAnswer, type WorkOrder, workOrder } from '@pixgen/domain';
import { type Call, EndCall, passPoint, pause, WorkFailure, type World } from './call.ts';
import { isInside } from './inside.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
/** The longest pause between two tries, whatever an answer asks for. */
export const MAX_WAIT_MS = 20_000;

/** Wait before try `tries + 1`: doubles, with up to half of it drawn, so that a thousand calls do not return at once. */
export function backoffMs(world: World, call: Call, tries: number): number {
  const longest = Math.min(world.config.retryBaseMs * 2 ** (tries - 1), MAX_WAIT_MS);
  return longest * (0.5 + call.lossyRandom() / 2);
}

/** @throws {EndCall} when the claim is refused, the API stays away, or the order cannot be obeyed */
export async function claimTicket(world: World, call: Call): Promise<WorkOrder> {
  const { jobId, attempt, token, claimUrl } = call.ticket;
  const body = JSON.stringify({ jobId, attempt, token, callId: call.id });
  for (let tries = 1; ; tries++) {
    call.controller.signal.throwIfAborted();
    const answer = await world.http.send('POST', claimUrl, JSON_HEADERS, body);
    const order = answer.status === 200 ? parseOrder(answer.body) : null;
    world.record.totals.claims++;
    const epoch = order?.claimEpoch ?? null;
    world.record.add({ kind: 'claim', callId: call.id, jobId, attempt, epoch, httpStatus: answer.status });
    if (order) return checked(world, call, order);
    if (answer.status === 200) throw new EndCall({ state: 'lost', reason: 'The work order is not understood.' });
    if (isFinal(answer.status)) {
      world.record.totals.claimsRefused++;
      const wanted = answer.status !== 409 && answer.status !== 410;
      throw new EndCall(wanted ? { state: 'lost', reason: `claim: HTTP ${answer.status}` } : { state: 'superseded' });
    }
    if (tries >= world.config.maxTries) throw new EndCall({ state: 'lost', reason: 'The API could not be reached.' });
    await pause(call, backoffMs(world, call, tries));
  }
}

function parseOrder(body: Buffer): WorkOrder | null {
  try {
    return workOrder.parse(JSON.parse(body.toString()));
  } catch {
    return null;
  }
}

function checked(world: World, { ticket }: Call, order: WorkOrder): WorkOrder {
  const inside = isInside(order.eventsUrl, world.apiBase) && isInside(order.uploadsUrl, world.apiBase);
  if (inside && order.jobId === ticket.jobId && order.attempt === ticket.attempt) return order;
  throw new EndCall({ state: 'lost', reason: 'The work order does not belong to the ticket.' });
}

/** A client error that no repetition changes. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

/**
 * Asks for a URL and puts the bytes there, again and again with a fresh URL.
 *
 * @throws {EndCall} when the API answers 410: the work is no longer wanted
 * @throws {WorkFailure} `UPLOAD_FAILED`
 */
export async function uploadObject(
  world: World,
  call: Call,
  order: WorkOrder,
  what: Pick<UploadRequest, 'purpose' | 'imageId' | 'step' | 'contentType'>,
  bytes: Buffer,
): Promise<StoredObject> {
  const { jobId, attempt, token } = call.ticket;
  const sizeBytes = bytes.length;
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const request: UploadRequest = { jobId, attempt, token, claimEpoch: order.claimEpoch, ...what, sizeBytes, sha256 };
  const body = JSON.stringify(request);
  for (let tries = 1; ; tries++) {
    call.controller.signal.throwIfAborted();
    const granted = await world.http.send('POST', order.uploadsUrl, JSON_HEADERS, body);
    let httpStatus = granted.status;
    let key: string | null = null;
    if (httpStatus === 200) {
      const answer = uploadAnswer.parse(JSON.parse(granted.body.toString()));
      const stored = await world.http.send('PUT', answer.url, answer.headers, bytes);
      key = answer.key;
      // An object that is already there was put by an earlier try: the key names attempt and epoch.
      httpStatus = stored.status === 412 ? 200 : stored.status;
    }
    world.record.add({ kind: 'upload', callId: call.id, jobId, purpose: what.purpose, key, httpStatus });
    if (key !== null && httpStatus >= 200 && httpStatus < 300) {
      world.record.totals.uploads++;
      await passPoint(world, call, 'afterUpload');
      return { key, sizeBytes, sha256 };
    }
    if (key === null && httpStatus === 410) throw new EndCall({ state: 'superseded' });
    if ((key === null && isFinal(httpStatus)) || tries >= world.config.maxTries) {
      throw new WorkFailure('UPLOAD_FAILED', true);
    }
    await pause(call, backoffMs(world, call, tries));
  }
}

/** @throws {WorkFailure} `DOWNLOAD_FAILED` when the object is not there or is another than announced */
export async function fetchSource(
  world: World,
  source: { url: string; sizeBytes: number; sha256: string | null },
): Promise<void> {
  const { status, body } = await world.http.send('GET', source.url, {}, '');
  const sha256 = createHash('sha256').update(body).digest('base64');
  if (status === 200 && body.length === source.sizeBytes && (source.sha256 ?? sha256) === sha256) return;
  throw new WorkFailure('DOWNLOAD_FAILED', true);
}
