/** The run's Redis, in the database of this test file: files that run at the same time must not meet. */
import { Redis } from 'ioredis';
import { connectRedis } from './redis.ts';

export type TestRedis = {
  url: string;
  connect: (role: Parameters<typeof connectRedis>[1]) => Redis;
  close: () => void;
};

/** Empties the database. */
export async function createTestRedis(): Promise<TestRedis> {
  const given = process.env.TEST_REDIS_URL;
  if (!given) throw new Error('TEST_REDIS_URL is not set: run the tests through `npm test`, which starts the servers.');
  const url = new URL(given);
  url.pathname = `/${1 + (Number(process.env.VITEST_POOL_ID ?? 1) % 15)}`;
  const plain = new Redis(url.href);
  await plain.flushdb();
  plain.disconnect();
  const opened: Redis[] = [];
  return {
    url: url.href,
    connect(role) {
      const redis = connectRedis(url.href, role, () => {});
      opened.push(redis);
      return redis;
    },
    close() {
      for (const redis of opened) redis.disconnect();
    },
  };
}
