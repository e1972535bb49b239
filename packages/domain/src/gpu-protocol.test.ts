import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { z } from 'zod';
import * as protocol from './gpu-protocol.ts';

const golden = new URL('../golden/', import.meta.url);
const schemas: Record<string, unknown> = protocol;

it.each(readdirSync(golden))('reads the golden message %s exactly, as Python does', (file) => {
  const { message, value } = JSON.parse(readFileSync(new URL(file, golden), 'utf8'));
  const schema = schemas[message[0].toLowerCase() + message.slice(1)] as z.ZodType;
  expect(schema.parse(value)).toEqual(value);
  expect(schema.safeParse({ ...value, unexpected: 1 }).success).toBe(false);
});

const MIB = 1024 * 1024;
const BYTES = 'application/octet-stream';

it.each([
  ['image', 'image/png', 1, true],
  ['image', 'image/webp', 64 * MIB, true],
  ['sample', 'image/png', 1, true],
  ['weights', BYTES, 2 * 1024 * MIB, true],
  ['image', BYTES, 1, false],
  ['sample', BYTES, 1, false],
  ['checkpoint', 'image/png', 1, false],
  ['kohya-weights', 'image/webp', 1, false],
  ['image', 'image/png', 64 * MIB + 1, false],
])('grants for %s an upload of %s with %d bytes: %s', (purpose, contentType, sizeBytes, isGranted) => {
  const { value } = JSON.parse(readFileSync(new URL('upload-request.json', golden), 'utf8'));
  expect(protocol.uploadRequest.safeParse({ ...value, purpose, contentType, sizeBytes }).success).toBe(isGranted);
});
