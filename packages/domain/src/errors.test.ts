import { expect, it } from 'vitest';
import { AppError, ERROR_CODES, type ErrorCode } from './errors.ts';
import { say } from './sentence.ts';

it('every refusal that waiting helps against says how long to wait', () => {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const helped = codes.filter((code) => ERROR_CODES[code].retryable && code !== 'INTERNAL');
  expect(helped).toEqual(expect.arrayContaining(['RATE_LIMITED', 'UNAVAILABLE', 'IDEMPOTENCY_IN_PROGRESS']));
  for (const code of codes) {
    const isTimed = new AppError(code, say`x`).retryAfterMs !== undefined;
    expect([code, isTimed]).toEqual([code, helped.includes(code)]);
  }
  expect(new AppError('RATE_LIMITED', say`x`, { retryAfterMs: 5 }).retryAfterMs).toBe(5);
});
