import { createLogger } from '@pixgen/core';
import { newId } from '@pixgen/domain';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { countRefusals } from './refusal-count.ts';
import { startTestApi } from './testing.ts';

describe('refusals in the log', () => {
  afterEach(() => void vi.useRealTimers());

  it('are counted by reason, over every way in, at the level that is set as installed', async () => {
    const lines: string[] = [];
    const log = createLogger('info', { destination: { write: (line) => void lines.push(line) } });
    const api = await startTestApi({}, log);
    const { headers } = await api.signUp();
    const word = `canary-${newId()}`;
    await api.post('/auth/local/sign-in', { email: `${word}@example.test`, password: word });
    await fetch(`${api.url}/trpc/models.list`, { headers: { authorization: `Bearer ${word}` } });
    await api.post('/gpu/claim', { jobId: newId(), attempt: 1, token: 'ab'.repeat(32), callId: word });
    await fetch(`${api.url}/i/${newId()}`, { headers });
    await fetch(`${api.url}/trpc/admin.queues`, { headers });
    await api.post('/trpc/models.create', { name: word, [word]: 1 }, headers);
    await api.close();
    const told = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'requests were refused');
    expect(told).toMatchObject([
      { level: 30, refused: { UNAUTHENTICATED: 2, SIGNATURE_INVALID: 1, NOT_FOUND: 2, INVALID_INPUT: 1 } },
    ]);
    expect(lines.join('')).not.toContain(word);
  });

  it('take a line a minute, however many there are, and none without any', () => {
    vi.useFakeTimers();
    const info = vi.fn();
    const refusals = countRefusals({ info });
    for (let minute = 0; minute < 3; minute += 1) {
      for (let count = 0; count < 10_000; count += 1) refusals.note('SIGNATURE_INVALID');
      vi.advanceTimersByTime(60_000);
    }
    vi.advanceTimersByTime(600_000);
    refusals.tell();
    const line = [{ refused: { SIGNATURE_INVALID: 10_000 } }, 'requests were refused'];
    expect(info.mock.calls).toEqual([line, line, line]);
  });
});
