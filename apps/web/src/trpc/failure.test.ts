import { expect, it } from 'vitest';
import { failureOf, fieldError } from './failure';

const refused = Object.assign(new Error('Add at least 5 photos.'), {
  data: { appCode: 'PHOTOS_TOO_FEW', retryable: false, fields: [{ path: 'photos', message: 'Too few.' }] },
});

it('reads our error shape', () => {
  expect(failureOf(refused)).toMatchObject({
    code: 'PHOTOS_TOO_FEW',
    message: 'Add at least 5 photos.',
    retryable: false,
  });
  expect(fieldError(refused, 'photos')).toBe('Too few.');
  expect(fieldError(refused, 'name')).toBeUndefined();
});

it('reads everything else as an unreachable server, which may be asked again', () => {
  expect(failureOf(new TypeError('Failed to fetch'))).toMatchObject({ code: 'UNREACHABLE', retryable: true });
  expect(failureOf('nonsense').code).toBe('UNREACHABLE');
});
