import type { Ticket } from '@pixgen/domain';
import { FunctionTimeoutError, NotFoundError, RemoteError, ResourceExhaustedError, TimeoutError } from 'modal';
import { describe, expect, it } from 'vitest';
import { type ModalCalls, modalBackend } from './modal-backend.ts';

const TICKET: Ticket = {
  jobId: '019aaaaa-0000-7000-8000-000000000001',
  attempt: 1,
  token: 'ab'.repeat(32),
  claimUrl: 'https://example.test/gpu/claim',
};
const FAILED = {
  type: 'failed',
  jobId: TICKET.jobId,
  attempt: 1,
  claimEpoch: 1,
  gpuMs: 5,
  code: 'GPU_INTERNAL',
  retryable: true,
};

function calls(get: () => Promise<unknown>, overrides: Partial<ModalCalls> = {}): ModalCalls {
  return {
    spawn: async (className) => `fc-${className}`,
    call: async () => ({ get, cancel: async () => {} }),
    close: () => {},
    ...overrides,
  };
}
function failing(error: Error): () => Promise<never> {
  return () => Promise.reject(error);
}

describe('the Modal backend', () => {
  it('spawns trainings and generations on their own classes', async () => {
    const backend = modalBackend(calls(async () => null));
    expect(await backend.submit(TICKET, 'train')).toEqual({ callId: 'fc-Trainer' });
    expect(await backend.submit(TICKET, 'generate')).toEqual({ callId: 'fc-Generator' });
  });

  it('reads the return value as the terminal event, so that a lost webhook loses nothing', async () => {
    expect(await modalBackend(calls(async () => FAILED)).status('fc-1')).toEqual({ state: 'finished', result: FAILED });
  });

  it('reads a call that ended without work by the status it returned', async () => {
    expect(await modalBackend(calls(async () => ({ state: 'superseded' }))).status('fc-1')).toEqual({
      state: 'superseded',
    });
  });

  it.each([
    ['a call that still works', new TimeoutError(), 'pending'],
    ['a call past its time limit', new FunctionTimeoutError('x'), 'lost'],
    ['a call that crashed or was cancelled', new RemoteError('x'), 'lost'],
    ['a call that Modal does not know', new NotFoundError('x'), 'lost'],
  ])('reads %s', async (_name, error, state) => {
    expect(await modalBackend(calls(failing(error))).status('fc-1')).toMatchObject({ state });
  });

  it('takes a return value it does not understand for a lost call', async () => {
    expect(await modalBackend(calls(async () => ({ type: 'succeeded' }))).status('fc-1')).toMatchObject({
      state: 'lost',
    });
  });

  it.each([
    ['an outage', Object.assign(new Error('x'), { code: 14 }), 'unavailable'],
    ['a full workspace', new ResourceExhaustedError('x'), 'throttled'],
    ['a wrong token', Object.assign(new Error('x'), { code: 16 }), 'refused'],
    ['an app that is not deployed', new NotFoundError('x'), 'refused'],
  ])('tells %s apart on submit', async (_name, error, kind) => {
    const backend = modalBackend(calls(async () => null, { spawn: failing(error) }));
    await expect(backend.submit(TICKET, 'train')).rejects.toMatchObject({ name: 'GpuBackendError', kind });
  });

  it('says nothing about a call when Modal cannot be asked', async () => {
    const backend = modalBackend(calls(failing(Object.assign(new Error('x'), { code: 14 }))));
    await expect(backend.status('fc-1')).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('takes the cancel of an unknown call for done', async () => {
    const backend = modalBackend(calls(async () => null, { call: failing(new NotFoundError('x')) }));
    await expect(backend.cancel('fc-1')).resolves.toBeUndefined();
  });
});
