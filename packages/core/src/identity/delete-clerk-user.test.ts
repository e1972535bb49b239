/** The end of an account at the identity provider, against a server that answers as Clerk's does, or does not. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClerkUserDeleter } from './delete-clerk-user.ts';

const SECRET_KEY = 'sk_test_of_nobody';
let server: Server;
let apiUrl = '';
/** What the server answers next; `silent`: nothing at all. */
let answers: (number | 'silent')[] = [];
let asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const status = answers.shift() ?? 200;
    if (status === 'silent') return;
    response.writeHead(status, { 'content-type': 'application/json' });
    const errors = [{ code: 'some_code', message: 'In Clerk\u2019s words.' }];
    response.end(JSON.stringify(status === 200 ? { object: 'user', id: 'user_1', deleted: true } : { errors }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  answers = [];
  asked = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const erase = (patienceMs = 5_000) => createClerkUserDeleter({ secretKey: SECRET_KEY, apiUrl, patienceMs })('user_1');

describe('erasing an account at Clerk', () => {
  it('asks for exactly this one, with the site\u2019s key', async () => {
    await erase();
    expect(asked).toEqual([`DELETE /v1/users/user_1 Bearer ${SECRET_KEY}`]);
  });

  it('is done when there is no such account any more: another try was before', async () => {
    answers = [404];
    await expect(erase()).resolves.toBeUndefined();
  });

  it.each([500, 503, 401, 403, 422, 429])('fails with %i, so that it is tried again', async (status) => {
    answers = Array.from({ length: 10 }, () => status);
    await expect(erase()).rejects.toThrow();
  });

  it('fails when nobody answers in time or at all, and works once somebody does', async () => {
    answers = ['silent'];
    await expect(erase(200)).rejects.toThrow('did not answer');
    const nobody = createClerkUserDeleter({ secretKey: SECRET_KEY, apiUrl: 'http://127.0.0.1:1', patienceMs: 5_000 });
    await expect(nobody('user_1')).rejects.toThrow();
    await erase();
  });
});
