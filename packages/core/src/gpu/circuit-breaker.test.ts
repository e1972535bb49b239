import { describe, expect, it, vi } from 'vitest';
import { withCircuitBreaker } from './circuit-breaker.ts';
import { type GpuBackend, GpuBackendError, type GpuBackendErrorKind } from './gpu-backend.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const TICKET = { jobId: 'job', attempt: 1, token: 'token', claimUrl: 'http://127.0.0.1/claim' };
/** So short that a test may wait for the trial call. */
const PAUSE = { initialDelay: 20, maxDelay: 20 };

function provider() {
  const state: { fault: GpuBackendErrorKind | null; asked: number } = { fault: null, asked: 0 };
  const gpu: GpuBackend = {
    name: 'test',
    async submit() {
      state.asked += 1;
      if (state.fault) throw new GpuBackendError(state.fault, 'no');
      return { callId: 'call' };
    },
    status: async () => ({ state: 'pending' }),
    cancel: async () => {},
    close: async () => {},
  };
  return { state, gpu };
}

async function fail(call: () => Promise<unknown>, times: number): Promise<string[]> {
  const kinds: string[] = [];
  for (let n = 0; n < times; n += 1) {
    await call().catch((error: GpuBackendError) => kinds.push(error.kind));
  }
  return kinds;
}

describe('a GPU provider that does not answer', () => {
  it('is left alone after five faults in a row, and its work is told to come back', async () => {
    const { state, gpu } = provider();
    const guarded = withCircuitBreaker(gpu, SILENT);
    state.fault = 'unavailable';
    expect(await fail(() => guarded.submit(TICKET, 'train'), 8)).toEqual([
      ...Array.from({ length: 5 }, () => 'unavailable'),
      ...Array.from({ length: 3 }, () => 'paused'),
    ]);
    expect(state.asked).toBe(5);
    expect(guarded.circuit()).toBe('open');
    const error = await guarded.status('call').catch((cause: GpuBackendError) => cause);
    expect(error).toMatchObject({ kind: 'paused', retryAfterMs: expect.any(Number) });
  });

  it('is waited for a quarter of a minute', async () => {
    vi.useFakeTimers();
    try {
      const { gpu } = provider();
      const guarded = withCircuitBreaker({ ...gpu, submit: () => new Promise(() => undefined) }, SILENT);
      const kinds = fail(() => guarded.submit(TICKET, 'train'), 1);
      await vi.advanceTimersByTimeAsync(15_000);
      expect(await kinds).toEqual(['unavailable']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is tried by one call at a time, and is in use again once that one was answered', async () => {
    const { state, gpu } = provider();
    const guarded = withCircuitBreaker(gpu, SILENT, PAUSE);
    state.fault = 'unavailable';
    await fail(() => guarded.submit(TICKET, 'train'), 5);
    await expect.poll(() => fail(() => guarded.submit(TICKET, 'train'), 1)).toEqual(['unavailable']);
    expect(state.asked, 'one trial call').toBe(6);
    expect(guarded.circuit()).toBe('open');
    state.fault = null;
    await expect.poll(() => guarded.submit(TICKET, 'train').catch(() => null)).toEqual({ callId: 'call' });
    expect(guarded.circuit()).toBe('closed');
  });

  it.each(['throttled', 'refused'] as const)('is not taken to be away when it answers that it is %s', async (kind) => {
    const { state, gpu } = provider();
    const guarded = withCircuitBreaker(gpu, SILENT);
    state.fault = kind;
    expect(await fail(() => guarded.submit(TICKET, 'train'), 10)).toEqual(Array.from({ length: 10 }, () => kind));
    expect(guarded.circuit()).toBe('closed');
  });
});
