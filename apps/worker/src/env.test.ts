import { readFileSync } from 'node:fs';
import { parseEnv as parseFile } from 'node:util';
import { describe, expect, it } from 'vitest';
import { envSchema, parseEnv } from './env.ts';

const valid = {
  DATABASE_URL: 'postgresql://pixgen@127.0.0.1/pixgen',
  REDIS_URL: 'redis://127.0.0.1',
  S3_ENDPOINT: 'http://127.0.0.1:8333',
  S3_BUCKET: 'pixgen',
  S3_ACCESS_KEY_ID: 'a-key-id',
  S3_SECRET_ACCESS_KEY: 'Qf7xVb2Lw9TzKq4mRn8s',
  GPU_API_URL: 'http://127.0.0.1:4000',
  TICKET_KEY: 'Qf7xVb2Lw9TzKq4mRn8sPd3hGj6cXy5u',
  GPU_PROFILE: 'nano',
  GPU_BACKEND: 'local',
  GPU_SERVER_URL: 'http://127.0.0.1:4100',
};

describe('the environment of the worker', () => {
  it('is read, with empty values as absent ones', () => {
    expect(parseEnv({ ...valid, MODAL_TOKEN_ID: '', PORT: '' })).toMatchObject({ GPU_BACKEND: 'local', PORT: 4001 });
  });

  it.each([
    'DATABASE_URL',
    'REDIS_URL',
    'S3_ENDPOINT',
    'S3_SECRET_ACCESS_KEY',
    'GPU_API_URL',
    'TICKET_KEY',
    'GPU_BACKEND',
    'GPU_SERVER_URL',
  ])('names %s when it is missing', (name) => {
    expect(() => parseEnv({ ...valid, [name]: undefined })).toThrow(name);
  });

  it.each([
    ['DATABASE_URL', 'mysql://nobody'],
    ['REDIS_URL', 'nowhere'],
    ['TICKET_KEY', 'short-and-secret'],
    ['TICKET_KEY', 'k'.repeat(40)],
    ['TICKET_KEY', 'change-me-change-me-change-me-change-me'],
    ['S3_SECRET_ACCESS_KEY', 'minioadminminioadmin'],
    ['GPU_SERVER_SECRET', 'abababababababababab'],
    ['GPU_PROFILE', 'huge'],
    ['PORT', '99999'],
  ])('names %s when it is wrong, and never shows the value', (name, value) => {
    const parse = () => parseEnv({ ...valid, [name]: value });
    expect(parse).toThrow(name);
    expect(parse).not.toThrow(value);
  });

  it('needs a Modal token with the Modal backend', () => {
    expect(() => parseEnv({ ...valid, GPU_BACKEND: 'modal' })).toThrow('MODAL_TOKEN_ID and MODAL_TOKEN_SECRET');
  });

  it('is listed whole in .env.example, without a secret', () => {
    const listed = parseFile(readFileSync(new URL('../.env.example', import.meta.url), 'utf8'));
    // For tests only: nobody should find it in an example.
    const { CRASH_POINTS: _, ...shape } = envSchema.shape;
    expect(Object.keys(listed).toSorted()).toEqual(Object.keys(shape).toSorted());
    for (const name of ['TICKET_KEY', 'S3_SECRET_ACCESS_KEY', 'GPU_SERVER_SECRET', 'MODAL_TOKEN_SECRET'])
      expect(listed[name]).toBe('');
  });
});
