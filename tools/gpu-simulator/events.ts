/** Signed events and their faults. */
import { createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import type { GpuEvent } from '@pixgen/domain';
import { isDurable } from '@pixgen/domain';
import { backoffMs, MAX_WAIT_MS } from './api.ts';
import { type Call, type Claim, EndCall, passPoint, pause, type World } from './call.ts';
import type { EventFault } from './faults.ts';
import type { HttpAnswer } from './http-client.ts';
import { signedHeaders } from './sign.ts';

/**
 * Answers to an event that no repetition changes: the claim is over (410), or the bytes themselves are refused. All others
 * are tried again: a 401 may come from a clock that is being set or a key that is being replaced.
 */
const PERMANENT: readonly number[] = [400, 410, 413];

type Message = { event: GpuEvent; webhookId: string; body: string };

/**
 * Sends an event that must not be lost, with retries; returns when it was accepted, given up, or taken by a fault.
 *
 * @throws {EndCall} when the API answers 410
 */
export async function sendDurable(world: World, call: Call, claim: Claim, event: GpuEvent): Promise<void> {
  await passPoint(world, call, 'beforeEvent');
  const message = asMessage(event);
  const fault = pickFault(world, event, call.random);
  const held = claim.held.splice(0);
  if (fault?.action === 'reorder') claim.held.push(() => deliver(world, call, claim, message, 'reorder'));
  else if (fault?.action === 'delay') deliverLater(world, call, claim, message, fault.delayMs);
  else if (fault?.action === 'drop') note(world, call, message, null, 0, 'drop');
  else await deliver(world, call, claim, message, fault?.action ?? null);
  for (const send of held) await send();
}

/** Sends what a last event held back. */
export async function flushHeld(claim: Claim): Promise<void> {
  for (const send of claim.held.splice(0)) await send();
}

/** Sends a sign of life once and never waits for it; the next one says more. */
export function sendLossy(world: World, call: Call, claim: Claim, event: GpuEvent): void {
  if (claim.silent) return;
  claim.lastBeatAt = performance.now();
  const message = asMessage(event);
  const fault = pickFault(world, event, call.lossyRandom);
  if (fault?.action === 'drop') note(world, call, message, null, 0, 'drop');
  // The event that follows may be seconds away: to be overtaken by it is to be late.
  else if (fault?.action === 'delay' || fault?.action === 'reorder') {
    deliverLater(world, call, claim, message, fault.delayMs);
  } else {
    void deliver(world, call, claim, message, fault?.action ?? null).catch((end: unknown) => {
      // An answer to an ended life must not end the life that came after it.
      if (end instanceof EndCall && call.claim === claim) call.controller.abort(end);
    });
  }
}

async function deliver(
  world: World,
  call: Call,
  claim: Claim,
  message: Message,
  fault: EventFault['action'] | null,
): Promise<void> {
  if (fault === 'forge') {
    const forged = { ...message, webhookId: newWebhookId() };
    const { status } = await post(world, claim, forged, createSecretKey(randomBytes(32)));
    note(world, call, forged, status, 1, 'forge');
  }
  const copies = fault === 'duplicate' ? 2 : 1;
  for (let copy = 1; copy <= copies; copy++) await deliverOnce(world, call, claim, message, fault);
}

async function deliverOnce(world: World, call: Call, claim: Claim, message: Message, fault: string | null) {
  const maxTries = isDurable(message.event) ? world.config.maxTries : 1;
  for (let tries = 1; ; tries++) {
    const { status, retryAfterMs } = await post(world, claim, message, claim.signingKey);
    const accepted = status >= 200 && status < 300;
    const last = accepted || PERMANENT.includes(status) || tries >= maxTries;
    if (last) note(world, call, message, status, tries, fault);
    if (status === 410) {
      throw new EndCall({ state: 'superseded' });
    }
    if (last) return;
    await pause(call, Math.max(backoffMs(world, call, tries), Math.min(retryAfterMs, MAX_WAIT_MS)));
  }
}

/** Outlives the call, as a message in flight would. */
function deliverLater(world: World, call: Call, claim: Claim, message: Message, delayMs: number): void {
  const send = () => void deliver(world, call, claim, message, 'delay').catch(() => {});
  setTimeout(send, delayMs).unref();
}

async function post(world: World, claim: Claim, { webhookId, body }: Message, key: KeyObject): Promise<HttpAnswer> {
  // Signed anew for each try: the receiver accepts a window of time.
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = signedHeaders(key, webhookId, timestamp, body);
  world.record.totals.eventsSent++;
  return world.http.send('POST', claim.order.eventsUrl, headers, body);
}

function asMessage(event: GpuEvent): Message {
  return { event, webhookId: newWebhookId(), body: JSON.stringify(event) };
}

function newWebhookId(): string {
  return `msg_${randomUUID()}`;
}

function pickFault(world: World, event: GpuEvent, random: () => number): EventFault | undefined {
  return world.config.eventFaults.find((rule) => rule.types.includes(event.type) && random() < rule.probability);
}

function note(
  world: World,
  call: Call,
  { event, webhookId }: Message,
  httpStatus: number | null,
  tries: number,
  fault: string | null,
): void {
  const { jobId, claimEpoch: epoch, type } = event;
  world.record.add({ kind: 'event', callId: call.id, jobId, epoch, type, webhookId, httpStatus, tries, fault });
}
