/** What API and worker ask of a secret in their environment. */
import { z } from 'zod';

const EXAMPLE = /change.?me|example|placeholder|your[-_ ]|minioadmin|^(.)\1+$|^(secret|password|test)/i;

/** A value that only chance can find; its complaints never hold the value. */
export function secret(minLength: number) {
  return z
    .string()
    .min(1, 'is missing')
    .min(minLength, `is too short: ${minLength} characters or more`)
    .refine((value) => !EXAMPLE.test(value), 'is an example value')
    .refine((value) => new Set(value).size >= 8, 'is too simple');
}
