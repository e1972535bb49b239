/**
 * The live stream, written by hand in the words of tRPC's subscriptions: the library passes each event through three
 * streams and writes it in three pieces, which cost more than all the rest that the API does for a job.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import { followLive } from '@pixgen/core';
import { type LiveMessage, liveInput } from '@pixgen/domain';
import { STREAM } from '@pixgen/trpc';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from './services.ts';

const PATH = '/trpc/jobs.live';

/**
 * Answers well-formed requests of active people; every other one goes on to tRPC, which says what is wrong with it.
 *
 * @param app the scope in which tRPC is registered afterwards
 */
export function liveStream(app: FastifyInstance, { deps, authenticator }: Services): void {
  app.addHook('preHandler', async (request, reply) => {
    const lastEventId = readStart(request);
    if (lastEventId === undefined) return;
    const actor = await authenticator.authenticate(request.headers.authorization).catch(() => null);
    if (actor?.status !== 'active' || !deps.callLimits.hasRoom(actor.userId, 'stream')) return;
    reply.hijack();
    const ended = new AbortController();
    reply.raw.once('close', () => ended.abort());
    const limit = setTimeout(() => ended.abort(), STREAM.maxDurationMs);
    try {
      await write(reply, lastEventId, followLive(deps, actor, { lastEventId, signal: ended.signal }));
    } catch (error) {
      request.log.warn({ reqId: request.id, err: error }, 'a live stream broke: its client opens the next one');
    } finally {
      clearTimeout(limit);
      reply.raw.end();
    }
  });
}

/** @returns the last event that the client saw, null for none; undefined when this is not a request for the stream */
function readStart({ url, headers, query }: FastifyRequest): string | null | undefined {
  if (!url.startsWith(PATH) || headers.accept !== 'text/event-stream' || url.split('?')[0] !== PATH) return undefined;
  const { input = '{}', ...rest } = query as Record<string, unknown>;
  // Under its own name and the standard's, as tRPC reads it: the header first, then the query, then the input.
  const { lastEventId, 'Last-Event-Id': standard, ...others } = rest;
  if (typeof input !== 'string' || Object.keys(others).length > 0) return undefined;
  try {
    const given = JSON.parse(input);
    const resumed = headers['last-event-id'] || lastEventId || standard;
    const parsed = liveInput.safeParse(resumed ? { ...given, lastEventId: resumed } : given);
    return parsed.success ? (parsed.data.lastEventId ?? null) : undefined;
  } catch {
    return undefined;
  }
}

async function write(reply: FastifyReply, lastEventId: string | null, messages: AsyncIterable<LiveMessage>) {
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    connection: 'keep-alive',
  });
  raw.write(`event: connected\ndata: ${JSON.stringify(STREAM.client)}\n\n`);
  let text = '';
  const flush = (): void => {
    if (text === '') return;
    if (!raw.destroyed) raw.write(text);
    text = '';
    ping.refresh();
  };
  const ping = setInterval(() => raw.write('event: ping\ndata: \n\n'), STREAM.pingMs);
  try {
    let seen = lastEventId;
    for await (const message of messages) {
      // What comes within one turn of the event loop leaves as one write.
      if (text === '') setImmediate(flush);
      seen = numberOf(message) ?? seen;
      text += encode(message, seen);
      if (raw.writableNeedDrain) await drained(raw);
    }
  } finally {
    flush();
    clearInterval(ping);
  }
}

/** Where the stream may be resumed after this message; null for one that may be lost. */
function numberOf(message: LiveMessage): string | null {
  if (message.type === 'event') return message.event.number;
  return message.type === 'hello' ? message.number : null;
}

/** Only messages with a number have an id; after others the client is given back the one it resumes from. */
function encode(message: LiveMessage, seen: string | null): string {
  const data = `data: ${JSON.stringify(message)}\n`;
  const number = numberOf(message);
  if (number !== null) return `${data}id: ${number}\n\n`;
  return seen === null ? `${data}\n` : `${data}id: \n\nevent: restore-id\ndata: \nid: ${seen}\n\n`;
}

function drained(raw: FastifyReply['raw']): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      raw.off('drain', done);
      raw.off('close', done);
      resolve();
    };
    raw.once('drain', done);
    raw.once('close', done);
  });
}
