import { newId } from '@pixgen/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './testing.ts';

let api: TestApi;
let ada: Awaited<ReturnType<TestApi['signUp']>>;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.signUp();
});
afterAll(() => api.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(api.url + path, { headers });

describe('the queue board', () => {
  const paths = [
    '/admin/queues',
    '/admin/queues/',
    '/admin/queues/api/queues',
    '/admin/queues/static/js/main.js',
    '/admin/queues/queue/dispatch',
  ];

  it('does not exist for members, signed-out callers and programs of members', async () => {
    for (const path of paths) {
      for (const headers of [{}, ada.headers, { authorization: 'Bearer pxg_x' }]) {
        const answer = await get(path, headers);
        expect([path, answer.status, await answer.json()]).toEqual([
          path,
          404,
          { error: { code: 'NOT_FOUND', message: 'There is nothing here.', fields: [] } },
        ]);
      }
    }
    expect((await api.post('/admin/queues/api/queues/dispatch/pause', {}, ada.headers)).status).toBe(404);
  });

  it('opens for an admin, whose role is read with every call', async () => {
    const admin = await api.signUp();
    const role = (value: string) => api.db.prisma.user.update({ where: { id: admin.userId }, data: { role: value } });
    await role('admin');
    const page = await (await get('/admin/queues/', admin.headers)).text();
    expect(page).toContain('<html');
    expect(page, 'the page asks no outside host').not.toContain('https://');
    expect(await (await get('/admin/queues/api/queues', admin.headers)).json()).toHaveProperty('queues');
    await role('member');
    expect((await get('/admin/queues/', admin.headers)).status).toBe(404);
  });

  it('changes nothing, for administrators either: what it could do would be in no audit log', async () => {
    const admin = await api.signUp();
    await api.db.prisma.user.update({ where: { id: admin.userId }, data: { role: 'admin' } });
    const { queues } = api.services.deps.producer;
    const queue = queues.find(({ name }) => name === 'dispatch');
    if (!queue) throw new Error('there is no such queue');
    const task = await queue.add('dispatch', { jobId: newId(), attempt: 1 }, { delay: 3_600_000 });
    const acts: [method: string, path: string][] = [
      ['PUT', `/dispatch/${task.id}/promote`],
      ['PUT', `/dispatch/${task.id}/clean`],
      ['PUT', `/dispatch/${task.id}/retry`],
      ['PATCH', `/dispatch/${task.id}/update-data`],
      ['PUT', '/dispatch/clean/delayed'],
      ['PUT', '/dispatch/retry/failed'],
      ['PUT', '/dispatch/promote'],
      ['PUT', '/dispatch/pause'],
      ['PUT', '/dispatch/empty'],
      ['PUT', '/dispatch/obliterate'],
      ['POST', '/dispatch/add'],
      ['PUT', '/pause'],
    ];
    for (const [method, path] of acts) {
      const headers = { ...admin.headers, 'content-type': 'application/json' };
      const answer = await fetch(`${api.url}/admin/queues/api/queues${path}`, { method, headers, body: '{}' });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
    }
    const put = { method: 'PUT', headers: admin.headers };
    const paused = await fetch(`${api.url}/admin/queues/api/queues/dispatch/pause`, put);
    expect([paused.status, await paused.json()]).toMatchObject([403, { error: { code: 'FORBIDDEN' } }]);
    expect([await queue.isPaused(), await task.getState()]).toEqual([false, 'delayed']);
    const board = (await (await get('/admin/queues/api/queues', admin.headers)).json()) as {
      queues: { readOnlyMode: boolean }[];
    };
    expect(board.queues.map(({ readOnlyMode }) => readOnlyMode)).not.toContain(false);
    await task.remove();
  });

  it('is not mounted unless it is switched on', async () => {
    const without = await startTestApi({ QUEUE_BOARD: 'off' });
    const admin = await without.signUp();
    await without.db.prisma.user.update({ where: { id: admin.userId }, data: { role: 'admin' } });
    expect((await fetch(`${without.url}/admin/queues/`, { headers: admin.headers })).status).toBe(404);
    await without.close();
  });
});
