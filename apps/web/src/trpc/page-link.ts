import type { AppRouter } from '@pixgen/trpc/client';
import type { TRPCLink } from '@trpc/client';

/** tRPC's infinite queries add a `direction` to the input. Our lists only go forward and refuse unknown keys. */
export function pageLink(): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      next({ ...op, input: withoutDirection(op.input) });
}

function withoutDirection(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || !('direction' in input)) return input;
  const { direction: _, ...rest } = input;
  return rest;
}
