import { createLogger } from '@pixgen/core';
import { newId } from '@pixgen/domain';
import { describe, expect, it } from 'vitest';
import { INTERNALS, startTestApi } from './testing.ts';

describe('outages and logs', () => {
  it('with the database away every call is 503 with Retry-After instead of waiting, and nothing leaks', async () => {
    const broken = await startTestApi({ DATABASE_URL: 'postgresql://127.0.0.1:1/none' });
    const session = { subject: 'local_1', sessionId: 'sess_1', expiresAt: new Date(Date.now() + 60_000) };
    const token = await broken.services.issuer?.issue(session);
    const headers = { authorization: `Bearer ${token}`, 'accept-language': 'de' };
    for (const path of ['/api/v1/account', '/trpc/account.me', `/i/${newId()}`]) {
      const answer = await fetch(broken.url + path, { headers, signal: AbortSignal.timeout(10_000) });
      expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '2']);
      const text = await answer.text();
      expect(text).not.toMatch(INTERNALS);
      expect(text).toContain('PixGen ist gerade nicht erreichbar.');
    }
    expect((await fetch(`${broken.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${broken.url}/healthz`)).status).toBe(200);
    await broken.close();
  });

  it('no token, password, address or prompt reaches a log, whatever happens to the request', async () => {
    const lines: string[] = [];
    const sink = { write: (line: string) => void lines.push(line) };
    const logged = await startTestApi({}, createLogger('trace', { destination: sink }));
    const person = await logged.signUp();
    const headers = { ...person.headers, cookie: 'canary-cookie=1' };
    await logged.post('/auth/local/sign-in', { email: 'canary@example.test', password: 'canary-password' }, headers);
    await logged.post('/api/v1/generations', { prompt: 'canary-prompt', modelId: newId() }, headers);
    await logged.post('/trpc/models.create', { name: 'canary-name', classWord: '!' }, headers);
    await fetch(`${logged.url}/nowhere?X-Amz-Signature=canary-signature&token=canary-token`, { headers });
    logged.services.log.error(
      {
        err: new Error('at https://s3.example/k?X-Amz-Signature=canary-url postgres://u:canary-pw@h/d'),
        headers,
        token: 'canary-field',
        body: { password: 'canary-nested' },
      },
      'boom',
    );
    await logged.close();
    const text = lines.join('');
    expect(text).toContain('boom');
    expect(text).not.toMatch(/canary/);
    expect(text).not.toContain(person.token);
  });
});
