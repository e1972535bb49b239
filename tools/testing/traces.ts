/** Where words still stand in a whole product: tables, Redis, the object store, logs. */
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { createTestStorage } from '@pixgen/storage/testing';
import { Redis } from 'ioredis';
import type { Product } from './product.ts';

const SMALL_BYTES = 2 * 1024 * 1024;

/** One line per place, with the beginning of what stands there; `words` are looked for as they are. */
export async function findTraces(
  product: Pick<Product, 'db' | 'redisUrl'>,
  words: readonly string[],
  options: { logs?: { file: string; from: number }[]; since?: Date } = {},
): Promise<string[]> {
  const has = (text: string): boolean => words.some((word) => text.includes(word));
  const traces: string[] = [];
  const note = (place: string, text: string): void => {
    if (has(text)) traces.push(`${place}: ${text.slice(0, 300)}`);
  };
  await readTables(product, note);
  await readRedis(product.redisUrl, note);
  const storage = createTestStorage();
  try {
    for await (const { key, sizeBytes, modifiedAt } of storage.list('')) {
      note('object', key);
      const isNew = options.since === undefined || modifiedAt >= options.since;
      if (!isNew || sizeBytes > SMALL_BYTES) continue;
      const bytes = await storage.read(key, SMALL_BYTES);
      if (bytes) note(`content of ${key}`, bytes.toString('latin1'));
    }
  } finally {
    storage.close();
  }
  for (const { file, from } of options.logs ?? []) {
    for (const line of readFileSync(file).subarray(from).toString().split('\n')) note('log', line);
  }
  return traces;
}

/** The end of a log as it is now: what is written later is read from here. */
export function endOf(file: string): { file: string; from: number } {
  return { file, from: statSync(file, { throwIfNoEntry: false })?.size ?? 0 };
}

type Note = (place: string, text: string) => void;

async function readTables({ db }: Pick<Product, 'db'>, note: Note): Promise<void> {
  const tables = await db.pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  for (const { name } of tables.rows) {
    const { rows } = await db.pool.query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`);
    for (const { row } of rows) note(name, row);
  }
}

export async function readRedis(url: string, note: Note): Promise<void> {
  const redis = new Redis(url);
  try {
    for (const key of await redis.keys('*')) note('redis', `${key} ${JSON.stringify(await readKey(redis, key))}`);
  } finally {
    redis.disconnect();
  }
}

/**
 * Everything that is said to a Redis server from now on, in its own notation of commands. Over a plain connection: a client
 * that is still waiting for the answer to MONITOR takes what a busy server reports right behind it for a protocol error.
 */
export async function overhearRedis(url: string): Promise<{ said: () => string[]; stop: () => void }> {
  const { hostname, port, username, password } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  await once(socket, 'connect');
  for (const command of [...(password ? [`AUTH ${username || 'default'} ${password}`] : []), 'MONITOR']) {
    heard = '';
    socket.write(`${command}\r\n`);
    await once(socket, 'data');
    if (!heard.startsWith('+OK')) throw new Error(`Redis does not let itself be overheard: ${heard.slice(0, 200)}`);
  }
  return { said: () => heard.split('\r\n'), stop: () => socket.destroy() };
}

async function readKey(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return null;
  }
}
