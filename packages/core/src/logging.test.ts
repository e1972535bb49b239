import { createOwner, createTestDb, type TestDb } from '@pixgen/db/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from './logging.ts';

let db: TestDb;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ db, drop } = await createTestDb(2));
});
afterAll(() => drop());

it('what drivers hang on their errors, values of rows among them, never reaches a log', async () => {
  const lines: string[] = [];
  const log = createLogger('trace', { app: 'worker', destination: { write: (line) => void lines.push(line) } });
  const email = 'canary-row@example.test';
  const { userId } = await createOwner(db, 0n);
  await db.prisma.user.update({ where: { id: userId }, data: { email } });
  const other = await createOwner(db, 0n);
  const failures = [
    // Postgres repeats the value of the key in `detail`.
    await db.pool.query('UPDATE "User" SET "email" = $1 WHERE "id" = $2', [email, other.userId]).catch((e: Error) => e),
    await db.prisma.user.update({ where: { id: other.userId }, data: { email } }).catch((e: Error) => e),
    Object.assign(new Error('The store refused'), {
      $response: { headers: { 'x-key': 'canary-header' } },
      $metadata: { requestId: 'canary-request' },
      cause: Object.assign(new Error('postgres://u:canary-password@host/db'), { where: 'canary-where' }),
    }),
  ];
  expect(JSON.stringify(failures[0])).toContain('canary');
  for (const err of failures) log.warn({ err, taskId: 'task-1' }, 'a task failed');
  log.error({ cause: failures[0], headers: { authorization: 'canary-token' }, prompt: 'canary-prompt' }, 'boom');
  expect(lines).toHaveLength(failures.length + 1);
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    lines.map(() => expect.objectContaining({ app: 'worker', time: expect.stringMatching(/^\d{4}-/) })),
  );
  // What helps to find the fault stays.
  expect(lines[0]).toMatch(/"code":"23505".*duplicate key.*"stack"/);
  expect(lines.join('')).not.toContain('canary');
});
