/** REST under `/api/v1` from the same procedures: a procedure says how it is reached, the host serves the list. */
import type { AnyTRPCProcedure, AnyTRPCRouter } from '@trpc/server';
import { z } from 'zod';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
export type RestMeta = { rest?: { method: Method; path: string; tag: string } };
/** Who may call: anybody, a person or a program with a key of theirs, or only a person who is signed in. */
export type Caller = 'anybody' | 'key' | 'session';
/**
 * What a procedure says of itself. Its kind says `by` whom it may be called. `limit` names what it counts as besides a
 * mutation. `cheap`: a mutation that costs no more than a read, and counts as one. `weight`: how many calls it counts as,
 * where one call can do the work of many.
 */
export type ProcedureMeta = RestMeta & {
  by?: Caller;
  limit?: 'training' | 'generation';
  cheap?: boolean;
  weight?: Weight;
};
/** By what is asked for, before anything of it was looked at: any field may be missing or of any form. */
export type Weight = number | ((input: Readonly<Record<string, unknown>>) => number);

const MAX_WEIGHT = 100;

export function weigh(weight: Weight | undefined, input: unknown): number {
  if (weight === undefined) return 1;
  const fields = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  const points = typeof weight === 'number' ? weight : weight(fields);
  // What is no number is refused by the schema afterwards.
  return Math.min(MAX_WEIGHT, Math.max(1, Math.ceil(points) || 1));
}

/** The same procedure as a REST call; `{name}` in the path is the input's field of that name. */
export function rest(method: Method, path: `/${string}`, tag: string): RestMeta {
  return { rest: { method, path, tag } };
}

export type RestOperation = {
  method: Method;
  path: string;
  tag: string;
  /** Where the procedure stands in the router, e.g. `models.get`. */
  procedure: string;
  by: Caller;
  /** Null for a procedure that takes nothing. */
  input: z.ZodObject | null;
  output: z.ZodType;
};

/**
 * True for calls that must carry an `Idempotency-Key` header (IETF draft-ietf-httpapi-idempotency-key-header): those whose
 * input has the field, which the header stands for.
 */
export function takesIdempotencyKey({ input }: RestOperation): boolean {
  return input !== null && 'idempotencyKey' in input.shape;
}

/** Every procedure that {@link rest} marks. */
export function listRestOperations(router: AnyTRPCRouter): RestOperation[] {
  const procedures = router._def.procedures as Record<string, AnyTRPCProcedure>;
  return Object.entries(procedures).flatMap(([procedure, { _def }]) => {
    const { meta, inputs, output } = _def as unknown as { meta?: ProcedureMeta; inputs: unknown[]; output: unknown };
    if (!meta?.rest) return [];
    if (!(output instanceof z.ZodType)) throw new Error(`${procedure} needs an output schema`);
    const input = inputs.find((one) => one instanceof z.ZodObject) ?? null;
    return [{ ...meta.rest, procedure, by: meta.by ?? 'key', input, output }];
  });
}
