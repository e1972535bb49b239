import { describe, expect, it } from 'vitest';
import type { RecordLine } from '../gpu-simulator/record.ts';
import { check, type Evidence } from './checker.ts';

const JOB = 'job-1';
const at = (second: number) => `2026-11-22T10:00:${String(second).padStart(2, '0')}.000Z`;
const key = (attempt: number, epoch: number, name: string, jobId = JOB) =>
  `o/user-1/${jobId}.${attempt}-${epoch}.${name}`;

const claim = (change: Partial<Extract<RecordLine, { kind: 'claim' }>> = {}): RecordLine => ({
  at: at(2),
  kind: 'claim',
  callId: 'call-1',
  jobId: JOB,
  attempt: 1,
  epoch: 1,
  httpStatus: 200,
  ...change,
});

/** A generation of two images and a training, both as they should be. */
function sound(): Evidence {
  return {
    acknowledgements: [
      { userId: 'user-1', key: 'key-1', orderId: 'order-1', jobId: JOB, at: at(1) },
      { userId: 'user-1', key: 'key-1', orderId: 'order-1', jobId: JOB, at: at(9) },
      { userId: 'user-1', key: 'key-2', orderId: 'order-2', jobId: 'job-2', at: at(1) },
    ],
    cancels: [],
    refusals: [],
    observations: [{ jobId: JOB, state: 'succeeded', costMicroUsd: 10, at: at(6) }],
    rows: {
      jobs: [
        {
          id: JOB,
          userId: 'user-1',
          kind: 'generate',
          orderId: 'order-1',
          state: 'succeeded',
          attempt: 1,
          holdMicroUsd: 21,
          costMicroUsd: 10,
          plannedImages: 2,
        },
        {
          id: 'job-2',
          userId: 'user-1',
          kind: 'train',
          orderId: 'order-2',
          state: 'succeeded',
          attempt: 1,
          holdMicroUsd: 50,
          costMicroUsd: 50,
          plannedImages: 0,
        },
      ],
      live: [],
      attempts: [
        { jobId: JOB, attempt: 1, claimEpoch: 1 },
        { jobId: 'job-2', attempt: 1, claimEpoch: 2 },
      ],
      events: [
        { number: 1, jobId: JOB, type: 'queued', step: null, imageId: null, at: at(1) },
        { number: 2, jobId: 'job-2', type: 'queued', step: null, imageId: null, at: at(1) },
        { number: 3, jobId: JOB, type: 'running', step: null, imageId: null, at: at(2) },
        { number: 4, jobId: JOB, type: 'image', step: null, imageId: 'image-1', at: at(3) },
        { number: 5, jobId: 'job-2', type: 'checkpoint', step: 8, imageId: null, at: at(3) },
        { number: 6, jobId: 'job-2', type: 'checkpoint', step: 16, imageId: null, at: at(4) },
        { number: 7, jobId: JOB, type: 'succeeded', step: null, imageId: null, at: at(5) },
        { number: 8, jobId: 'job-2', type: 'succeeded', step: null, imageId: null, at: at(5) },
      ],
      inbox: [{ jobId: JOB, attempt: 1, claimEpoch: 1, receivedAt: at(4), applied: true }],
      ledger: [
        { userId: 'user-1', jobId: JOB, entry: 'hold', amountMicroUsd: 21 },
        { userId: 'user-1', jobId: JOB, entry: 'settle', amountMicroUsd: 10 },
        { userId: 'user-1', jobId: JOB, entry: 'release', amountMicroUsd: 11 },
        { userId: 'user-1', jobId: 'job-2', entry: 'hold', amountMicroUsd: 50 },
        { userId: 'user-1', jobId: 'job-2', entry: 'settle', amountMicroUsd: 50 },
      ],
      users: [{ id: 'user-1', heldMicroUsd: 0, spentMicroUsd: 60 }],
      keys: [
        { userId: 'user-1', key: 'key-1', jobId: JOB },
        { userId: 'user-1', key: 'key-2', jobId: 'job-2' },
      ],
      images: [
        { id: 'image-1', orderId: 'order-1', state: 'ready', storageKey: key(1, 1, 'image-1.png') },
        { id: 'image-2', orderId: 'order-1', state: 'failed', storageKey: null },
      ],
      weights: [{ orderId: 'order-2', storageKey: key(1, 2, 'weights.safetensors', 'job-2') }],
      samples: [],
      photos: [{ key: 'p/user-1/model-1/photo-1.jpg', state: 'ready' }],
    },
    gpu: [
      [claim(), claim({ jobId: 'job-2', callId: 'call-2' })],
      [claim({ jobId: 'job-2', callId: 'call-2', epoch: 2, at: at(3) })],
    ],
    objects: [
      'ready',
      'installation.json',
      'u/user-1/photo-1',
      'p/user-1/model-1/photo-1.jpg',
      `d/${key(1, 1, 'image-1.png')}/320.webp`,
      key(1, 1, 'image-1.png'),
      key(1, 2, 'weights.safetensors', 'job-2'),
    ],
    stops: [{ process: 'worker-1', tookMs: 900, code: 0 }],
    crashes: [{ process: 'postgres', at: at(3), code: 1, signal: null, lastLines: 'could not start yet' }],
  };
}

/** The named invariants that fail when `hurt` was done to sound evidence. */
function broken(hurt: (evidence: Evidence) => void): { names: string[]; verdict: ReturnType<typeof check> } {
  const evidence = sound();
  hurt(evidence);
  const verdict = check(evidence);
  return { names: [...new Set(verdict.findings.map(({ invariant }) => invariant))], verdict };
}

function firstOf<T>(items: readonly T[]): T {
  const [first] = items;
  if (first === undefined) throw new Error('there is none');
  return first;
}

it('finds nothing in sound evidence, and counts what was promised', () => {
  expect(check(sound())).toEqual({
    findings: [],
    acknowledged: 2,
    lost: 0,
    ranTwice: 0,
    ledgerDrift: 0,
    nonTerminal: 0,
  });
});

describe('I1: an acknowledged job reaches exactly one final state', () => {
  it('misses a job that was acknowledged and is gone', () => {
    const { names, verdict } = broken(({ acknowledgements }) => {
      acknowledgements.push({ userId: 'user-1', key: 'key-3', orderId: 'order-3', jobId: 'job-3', at: at(1) });
    });
    expect(names).toContain('I1');
    expect(verdict.lost).toBe(1);
  });

  it('sees one that never ended', () => {
    const { names, verdict } = broken(({ rows }) => {
      firstOf(rows.jobs).state = 'running';
    });
    expect(names).toContain('I1');
    expect(verdict.nonTerminal).toBe(1);
  });

  it.each([
    ['a second end in its history', 'failed'],
    ['the same end twice', 'succeeded'],
  ])('sees %s', (_what, type) => {
    const { names } = broken(({ rows }) => {
      rows.events.splice(6, 0, { number: 6.5, jobId: JOB, type, step: null, imageId: null, at: at(5) });
    });
    expect(names).toContain('I1');
  });

  it('sees an ended job that is still listed as alive', () => {
    expect(broken(({ rows }) => void rows.live.push(JOB)).names).toEqual(['I1']);
  });

  it('sees an end that its history does not tell', () => {
    const { names } = broken(({ rows }) => {
      rows.events = rows.events.filter(({ number }) => number !== 7);
    });
    expect(names).toEqual(['I1']);
  });
});

describe('I2: one claim at a time, and nothing of an older one', () => {
  it('counts two calls that both got past the claim of one attempt', () => {
    const { names, verdict } = broken(({ gpu }) => void gpu[0]?.push(claim({ callId: 'call-9', epoch: 2 })));
    expect(names).toContain('I2');
    expect(verdict.ranTwice).toBe(1);
  });

  it('counts one epoch that was granted twice, also to two lives of the GPU', () => {
    const { names, verdict } = broken(({ gpu }) => void gpu[1]?.push(claim()));
    expect(names).toEqual(['I2']);
    expect(verdict.ranTwice).toBe(1);
  });

  it('lets a refused claim be', () => {
    const { names } = broken(({ gpu }) => void gpu[0]?.push(claim({ callId: 'call-9', epoch: null, httpStatus: 409 })));
    expect(names).toEqual([]);
  });

  it.each([
    ['a fourth claim', { jobId: JOB, attempt: 1, claimEpoch: 4 }],
    ['a fourth attempt', { jobId: JOB, attempt: 4, claimEpoch: 1 }],
  ])('sees %s', (_what, row) => {
    expect(broken(({ rows }) => void rows.attempts.push(row)).names).toEqual(['I2']);
  });

  it('sees an event that was stored after the GPU knew a newer claim', () => {
    const { names } = broken(({ gpu, rows }) => {
      gpu[0]?.push(claim({ epoch: 2, at: at(4) }));
      rows.inbox.push({ jobId: JOB, attempt: 1, claimEpoch: 1, receivedAt: at(5), applied: false });
    });
    expect(names).toEqual(['I2']);
  });

  it('sees an image of an older claim that was applied after a newer one', () => {
    const { names } = broken(({ gpu, rows }) => {
      gpu[0]?.push(claim({ attempt: 2, callId: 'call-9', at: at(2) }));
      rows.inbox = [];
    });
    expect(names).toEqual(['I2']);
  });

  it('sees weights that are not of the last claim', () => {
    const { names } = broken(({ rows }) => {
      firstOf(rows.attempts.slice(1)).claimEpoch = 3;
    });
    expect(names).toEqual(['I2']);
  });
});

describe('I3: the ledger adds up', () => {
  it.each<[string, (evidence: Evidence) => void]>([
    ['a hold that was never released', ({ rows }) => void rows.ledger.splice(2, 1)],
    [
      'money taken twice',
      ({ rows }) => void rows.ledger.push({ userId: 'user-1', jobId: JOB, entry: 'settle', amountMicroUsd: 10 }),
    ],
    ['a job without its hold', ({ rows }) => void rows.ledger.splice(3, 1)],
    [
      'a counter that is not the sum',
      ({ rows }) => {
        firstOf(rows.users).heldMicroUsd = 21;
      },
    ],
    [
      'a spent sum that is not the sum',
      ({ rows }) => {
        firstOf(rows.users).spentMicroUsd = 71;
      },
    ],
    [
      'a failed job that cost something',
      ({ rows }) => {
        firstOf(rows.jobs).state = 'failed';
        firstOf(rows.events.slice(6)).type = 'failed';
      },
    ],
    [
      'an image more than was paid',
      ({ rows }) => {
        firstOf(rows.images.slice(1)).state = 'ready';
      },
    ],
  ])('sees %s', (_what, hurt) => {
    const { names, verdict } = broken(hurt);
    expect(names).toContain('I3');
    expect(verdict.ledgerDrift).toBeGreaterThan(0);
  });

  it('sees a live job that was settled already', () => {
    const { verdict } = broken(({ rows }) => {
      firstOf(rows.jobs).state = 'running';
    });
    expect(verdict.findings.map(({ invariant }) => invariant)).toContain('I3');
  });
});

describe('I5: one key, one job', () => {
  it.each<[string, (evidence: Evidence) => void]>([
    [
      'a repeated call that got another job',
      ({ acknowledgements }) => {
        firstOf(acknowledgements.slice(1)).jobId = 'job-2';
      },
    ],
    [
      'a stored key that names another job than the answer',
      ({ rows }) => {
        firstOf(rows.keys).jobId = 'job-2';
      },
    ],
    ['a job without a key', ({ rows }) => void rows.keys.splice(1, 1)],
  ])('sees %s', (_what, hurt) => {
    expect(broken(hurt).names).toContain('I5');
  });
});

describe('I6: an end stays', () => {
  it.each<[string, (evidence: Evidence) => void]>([
    [
      'a job that was seen to end otherwise',
      ({ observations }) => void observations.push({ jobId: JOB, state: 'failed', costMicroUsd: 0, at: at(4) }),
    ],
    [
      'a price that changed after the end',
      ({ observations }) => void observations.push({ jobId: JOB, state: 'succeeded', costMicroUsd: 21, at: at(4) }),
    ],
    [
      'a cancel that did not last',
      ({ cancels }) => void cancels.push({ userId: 'user-1', jobId: JOB, state: 'cancelled', at: at(4) }),
    ],
    [
      'history after the end',
      ({ rows }) =>
        void rows.events.push({ number: 9, jobId: JOB, type: 'running', step: null, imageId: null, at: at(7) }),
    ],
    [
      'a checkpoint that goes back',
      ({ rows }) => {
        firstOf(rows.events.slice(5)).step = 8;
      },
    ],
  ])('sees %s', (_what, hurt) => {
    expect(broken(hurt).names).toEqual(['I6']);
  });
});

describe('I9 and I12: outages and stops end nothing', () => {
  it.each<[string, string, (evidence: Evidence) => void]>([
    [
      'a worker that ended by itself',
      'I9',
      ({ crashes }) =>
        void crashes.push({ process: 'worker-1', at: at(3), code: 1, signal: null, lastLines: 'Error: ECONNRESET' }),
    ],
    [
      'a valid call that was refused',
      'I9',
      ({ refusals }) => void refusals.push({ userId: 'user-1', key: 'key-9', code: 'NOT_FOUND', at: at(3) }),
    ],
    ['a stop that took too long', 'I12', ({ stops }) => void stops.push({ process: 'api', tookMs: 30_001, code: 0 })],
    ['a stop that had to be forced', 'I12', ({ stops }) => void stops.push({ process: 'api', tookMs: 20, code: null })],
  ])('sees %s', (_what, invariant, hurt) => {
    expect(broken(hurt).names).toEqual([invariant]);
  });
});

describe('I10: results and objects belong together', () => {
  it.each<[string, (evidence: Evidence) => void]>([
    ['a ready image without its object', ({ objects }) => void objects.splice(5, 1)],
    ['weights without their object', ({ objects }) => void objects.splice(6, 1)],
    ['a photo without its object', ({ objects }) => void objects.splice(3, 1)],
    ['an object that nothing owns and no sweep took', ({ objects }) => void objects.push(key(1, 1, 'image-2.png'))],
    ['a small version of nothing', ({ objects }) => void objects.push('d/o/user-1/gone.png/320.webp')],
  ])('sees %s', (_what, hurt) => {
    expect(broken(hurt).names).toEqual(['I10']);
  });
});
