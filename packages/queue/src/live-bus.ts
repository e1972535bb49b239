/**
 * What lives in Redis besides the queues, and may be lost with it: the live stream between processes, the newest progress
 * of running jobs, and small caches. Nothing here is the only copy of anything that matters.
 */
import { FINAL_STATES, type JobProgressView, type LiveMessage } from '@pixgen/domain';
import type { Redis } from 'ioredis';

const liveChannel = (userId: string): string => `pixgen:live:${userId}`;
const progressKey = (jobId: string): string => `pixgen:progress:${jobId}`;
const lossKey = (jobId: string): string => `pixgen:loss:${jobId}`;
const cacheKey = (key: string): string => `pixgen:cache:${key}`;
const spanKey = (name: string): string => `pixgen:span:${name}`;
const WAKE_RELAY = 'pixgen:wake:relay';
const SPAN_TTL_S = 24 * 3_600;
const PROGRESS_TTL_S = 24 * 3_600;
const LOSS_POINTS = 5_000;
/** Nobody sees it, and under load it saves most of the messages that every open tab must read. */
const MOMENT_MS = 25;

/** `sentAtS`: the sender's clock when it signed the event, in whole seconds. `heardAtMs`: Redis' clock when it was stored. */
export type Progress = JobProgressView & { claimEpoch: number; sentAtS: number; heardAtMs: number };

/**
 * Progress never falls. What was signed in an earlier second than the stored sign of life, or tells a lower step of the
 * same thing, says only that the claim lives. What an earlier attempt or claim says does not count at all. One script,
 * because two processes may receive two events of one claim at once.
 */
const SAVE_PROGRESS = `
local new = cjson.decode(ARGV[1])
local time = redis.call('TIME')
new.heardAtMs = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = redis.call('GET', KEYS[1])
local old = stored and cjson.decode(stored)
if old then
  if new.attempt < old.attempt or (new.attempt == old.attempt and new.claimEpoch < old.claimEpoch) then return 0 end
  local sameClaim = new.attempt == old.attempt and new.claimEpoch == old.claimEpoch
  local sameThing = new.phase == old.phase and cjson.encode(new.imageIds) == cjson.encode(old.imageIds)
  if sameClaim and (new.sentAtS < old.sentAtS or (sameThing and new.step < old.step)) then
    old.at = new.at
    old.heardAtMs = new.heardAtMs
    redis.call('SET', KEYS[1], cjson.encode(old), 'EX', ARGV[3])
    return 0
  end
end
redis.call('SET', KEYS[1], cjson.encode(new), 'EX', ARGV[3])
if ARGV[2] ~= '' then
  redis.call('RPUSH', KEYS[2], ARGV[2])
  redis.call('LTRIM', KEYS[2], ARGV[4], -1)
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return 1`;

/** From when to when something went on without a pause, by Redis' clock. */
export type Span = { sinceMs: number; untilMs: number };

/** Goes on, or begins anew: after a pause, after Redis lost its data, and when its clock was set. */
const KEEP_SPAN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = redis.call('GET', KEYS[1])
local span = stored and cjson.decode(stored)
if not span or now < span.untilMs or now - span.untilMs > tonumber(ARGV[1]) then span = { sinceMs = now } end
span.untilMs = now
redis.call('SET', KEYS[1], cjson.encode(span), 'EX', ARGV[2])
return 1`;

export type LiveBus = {
  /** Tells every open tab of these people; best effort. An end of a job is sent at once, all else within a moment. */
  publish(messages: { userId: string; message: LiveMessage }[]): Promise<void>;
  /** Calls back for each message of a person until the returned function is called. One Redis reader per process. */
  follow(userId: string, onMessage: (message: LiveMessage) => void): Promise<() => Promise<void>>;
  /** Tells relays that the outbox has rows. */
  wakeRelay(): Promise<void>;
  onWakeRelay(listener: () => void): Promise<void>;
  /** Stores a sign of life and, when given, a loss point; false when a newer one is there already. */
  saveProgress(progress: Omit<Progress, 'heardAtMs'>): Promise<boolean>;
  readProgress(jobIds: string[]): Promise<Map<string, Progress>>;
  /** The clock that `heardAtMs` is of: ages are told by one clock, as those of our processes may be minutes apart. */
  clockMs(): Promise<number>;
  /** Says that something goes on; a pause longer than `longestPauseMs` begins its span anew. */
  keepSpan(name: string, longestPauseMs: number): Promise<void>;
  /** Those that are known. */
  readSpans(names: readonly string[]): Promise<Map<string, Span>>;
  readLoss(jobId: string): Promise<[number, number][]>;
  cache: {
    get<T>(key: string): Promise<T | null>;
    set(key: string, value: unknown, ttlMs: number): Promise<void>;
    drop(...keys: string[]): Promise<void>;
  };
  /**
   * Removes the progress of these jobs and, unless `userId` is null, whatever carries that person's id (limits).
   *
   * @returns how many keys there were
   */
  forget(about: { userId: string | null; jobIds: readonly string[] }): Promise<number>;
  ping(): Promise<void>;
  /** False while live messages may be missed. */
  connected(): boolean;
  /** How often the connection for live messages has broken: what differs between two looks says that some may be missing. */
  breaks(): number;
};

function endsJob(message: LiveMessage): boolean {
  return message.type === 'event' && (FINAL_STATES as readonly string[]).includes(message.event.type);
}

/**
 * @param redis a `command` connection
 * @param subscriber a `subscriber` connection, used by this bus alone
 */
export function createLiveBus(redis: Redis, subscriber: Redis): LiveBus {
  const listeners = new Map<string, Set<(text: string) => void>>();
  let breaks = 0;
  subscriber.on('close', () => {
    breaks += 1;
  });
  subscriber.on('message', (channel: string, text: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(text);
  });

  async function listen(channel: string, listener: (text: string) => void): Promise<() => Promise<void>> {
    const known = listeners.get(channel);
    if (known) known.add(listener);
    else {
      listeners.set(channel, new Set([listener]));
      const subscribed = subscriber.subscribe(channel);
      // While Redis is away the subscription waits for it; the caller does not, and reads the history meanwhile.
      if (subscriber.status === 'ready') await subscribed;
      else subscribed.catch(() => undefined);
    }
    return async () => {
      const set = listeners.get(channel);
      set?.delete(listener);
      if (set?.size === 0) {
        listeners.delete(channel);
        const ended = subscriber.unsubscribe(channel);
        if (subscriber.status === 'ready') await ended;
        else ended.catch(() => undefined);
      }
    };
  }

  // What is published while a round trip is under way, or less than a moment after the last one, shares the next one.
  let outgoing = new Map<string, LiveMessage[]>();
  let wakeWanted = false;
  let urgent = false;
  let sentAt = Number.NEGATIVE_INFINITY;
  let hurry: (() => void) | undefined;
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function pause(): Promise<void> | undefined {
    const ms = sentAt + MOMENT_MS - performance.now();
    if (urgent || ms <= 0) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function send(): Promise<void> {
    urgent = false;
    sentAt = performance.now();
    const sendings = [...outgoing].map(
      ([userId, messages]) => [liveChannel(userId), JSON.stringify(messages)] as const,
    );
    if (wakeWanted) sendings.unshift([WAKE_RELAY, '1']);
    wakeWanted = false;
    outgoing = new Map();
    const [only] = sendings;
    // A pipeline copies each script of the queue to itself, so one message goes without.
    if (only && sendings.length === 1) {
      await redis.publish(...only);
      return;
    }
    const pipeline = redis.pipeline();
    for (const sending of sendings) pipeline.publish(...sending);
    const replies = await pipeline.exec();
    const failure = replies?.find(([error]) => error !== null)?.[0];
    if (failure) throw failure;
  }

  /** Resolves when everything that was published before it is sent. */
  function flush(isUrgent: boolean): Promise<void> {
    if (isUrgent) {
      urgent = true;
      hurry?.();
    }
    next ??= (current ?? Promise.resolve())
      .catch(() => undefined)
      .then(pause)
      .then(() => {
        current = next;
        next = undefined;
        return send();
      });
    return next;
  }

  return {
    async publish(messages) {
      for (const { userId, message } of messages) {
        const mine = outgoing.get(userId);
        if (mine) mine.push(message);
        else outgoing.set(userId, [message]);
      }
      if (messages.length > 0) await flush(messages.some(({ message }) => endsJob(message)));
    },
    follow: (userId, onMessage) =>
      listen(liveChannel(userId), (text) => {
        for (const message of JSON.parse(text) as LiveMessage[]) onMessage(message);
      }),
    async wakeRelay() {
      wakeWanted = true;
      await flush(true);
    },
    async onWakeRelay(listener) {
      await listen(WAKE_RELAY, listener);
    },
    async saveProgress(progress) {
      const { jobId, step, loss } = progress;
      const point = loss === null ? '' : JSON.stringify([step, loss]);
      const keys = [progressKey(jobId), lossKey(jobId)];
      return (
        (await redis.eval(SAVE_PROGRESS, 2, ...keys, JSON.stringify(progress), point, PROGRESS_TTL_S, -LOSS_POINTS)) ===
        1
      );
    },
    async readProgress(jobIds) {
      if (jobIds.length === 0) return new Map();
      const texts = await redis.mget(jobIds.map(progressKey));
      const found = new Map<string, Progress>();
      for (const [index, text] of texts.entries()) {
        const jobId = jobIds[index];
        if (text && jobId) found.set(jobId, JSON.parse(text));
      }
      return found;
    },
    async clockMs() {
      const [seconds, micros] = await redis.time();
      return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    },
    async keepSpan(name, longestPauseMs) {
      await redis.eval(KEEP_SPAN, 1, spanKey(name), longestPauseMs, SPAN_TTL_S);
    },
    async readSpans(names) {
      const texts = await redis.mget(names.map(spanKey));
      return new Map(
        names.flatMap((name, index) => {
          const text = texts[index];
          return text ? [[name, JSON.parse(text) as Span] as const] : [];
        }),
      );
    },
    async readLoss(jobId) {
      return (await redis.lrange(lossKey(jobId), 0, -1)).map((text) => JSON.parse(text));
    },
    cache: {
      async get(key) {
        const text = await redis.get(cacheKey(key));
        return text === null ? null : JSON.parse(text);
      },
      async set(key, value, ttlMs) {
        await redis.set(cacheKey(key), JSON.stringify(value), 'PX', ttlMs);
      },
      async drop(...keys) {
        if (keys.length > 0) await redis.del(keys.map(cacheKey));
      },
    },
    async forget({ userId, jobIds }) {
      const found = jobIds.flatMap((jobId) => [progressKey(jobId), lossKey(jobId)]);
      let cursor = userId === null ? null : '0';
      while (cursor !== null) {
        const [next, names] = await redis.scan(cursor, 'MATCH', `*${userId}*`, 'COUNT', 1_000);
        found.push(...names);
        cursor = next === '0' ? null : next;
      }
      let removed = 0;
      for (let start = 0; start < found.length; start += 1_000)
        removed += await redis.unlink(found.slice(start, start + 1_000));
      return removed;
    },
    async ping() {
      await redis.ping();
    },
    connected: () => subscriber.status === 'ready',
    breaks: () => breaks,
  };
}
