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
