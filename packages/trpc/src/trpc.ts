/** The tRPC instance: context, error shape, and the kinds of procedure. */
import { type Actor, type Deps, describeSuspension, isRepeated } from '@pixgen/core';
import { AppError, DEFAULT_LANGUAGE, ERROR_CODES, type Language, say } from '@pixgen/domain';
import { initTRPC, TRPCError, type TRPCProcedureType } from '@trpc/server';
import { toAppError } from './errors.ts';
import { tellError } from './language/tell.ts';
import { type ProcedureMeta, weigh } from './rest.ts';

/** How long-lived streams behave, whoever writes them. */
export const STREAM = {
  pingMs: 15_000,
  /** A stream is authorised again at least every minute: it ends and the client opens the next one. */
  maxDurationMs: 60_000,
  client: { reconnectAfterInactivityMs: 35_000 },
} as const;

/** What the host gives each request. `actor` is null for a signed-out caller. */
export type Context = {
  deps: Deps;
  actor: Actor | null;
  requestId: string;
  /** Of the caller, as the trusted proxies tell it. */
  address: string;
  /** In which errors are told. */
  language: Language;
};

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    // Never a stack trace in an answer, whatever NODE_ENV says.
    isDev: false,
    errorFormatter({ shape, error, ctx }) {
      const failure = toAppError(error);
      const { message, fields } = tellError(failure, ctx?.language ?? DEFAULT_LANGUAGE);
      return {
        code: shape.code,
        message,
        data: {
          code: shape.data.code,
          httpStatus: failure.status,
          appCode: failure.code,
          retryable: ERROR_CODES[failure.code].retryable,
          fields,
        },
      };
    },
    sse: {
      ping: { enabled: true, intervalMs: STREAM.pingMs },
      maxDurationMs: STREAM.maxDurationMs,
      client: STREAM.client,
    },
  });

export const router = t.router;

/** Anyone, signed in or not. */
export const publicProcedure = t.procedure.meta({ by: 'anybody' }).use(async ({ next }) => {
  const result = await next();
  if (!result.ok) throw asTrpcError(result.error);
  return result;
});

/** Whoever is signed in and let in, within their limits. */
function procedureOf(isLetIn: (actor: Actor) => boolean) {
  // One step, not one for each check: tRPC copies all that it knows of a call for every step.
  return publicProcedure.meta({ by: 'key' }).use(async ({ ctx, type, meta, path, getRawInput, next }) => {
    const { deps, actor } = ctx;
    if (!actor) throw asTrpcError(new AppError('UNAUTHENTICATED', say`Sign in to go on.`));
    if (!isLetIn(actor)) throw asTrpcError(new AppError('ACCOUNT_SUSPENDED', await describeSuspension(deps, actor)));
    // A stream takes a place of another kind, for as long as it is open.
    const leave = type === 'subscription' ? () => undefined : takePlace(deps, actor.userId);
    try {
      await countCall(deps, actor, { type, meta, path, getRawInput });
      return await next({ ctx: { ...ctx, actor } });
    } finally {
      leave();
    }
  });
}

type Call = {
  type: TRPCProcedureType;
  meta: ProcedureMeta | undefined;
  path: string;
  getRawInput: () => Promise<unknown>;
};

/**
 * Counts a call against the limits of whoever makes it. An order that was taken before costs nothing more: it gets the
 * answer it had.
 *
 * @throws TRPCError RATE_LIMITED
 */
async function countCall(deps: Deps, { userId }: Actor, { type, meta, path, getRawInput }: Call): Promise<void> {
  const count = async (): Promise<void> => {
    const points = weigh(meta?.weight, meta?.weight === undefined ? undefined : await getRawInput());
    if (type !== 'mutation' || meta?.cheap) return deps.callLimits.count(userId, 'read', points);
    // An order weighs as an order; as a change it is one.
    await deps.callLimits.count(userId, 'mutation', meta?.limit ? 1 : points);
    if (meta?.limit) await deps.callLimits.count(userId, meta.limit, points);
  };
  try {
    await count();
  } catch (refusal) {
    const input = meta?.limit ? await getRawInput() : null;
    const key = typeof input === 'object' && input !== null && 'idempotencyKey' in input ? input.idempotencyKey : null;
    if (!(await isRepeated(deps.db, userId, path, key))) throw asTrpcError(refusal);
  }
}

/** A signed-in, active person or their API key. */
export const userProcedure = procedureOf(({ status }) => status === 'active');

/**
 * What stays everybody's right: a suspended person too may know why, take their data along and have it erased. Their
 * programs may not: an account is also suspended because a key was stolen.
 */
export const personProcedure = procedureOf(
  ({ status, via }) => status === 'active' || (status === 'suspended' && via === 'session'),
);

/** @throws TRPCError RATE_LIMITED */
function takePlace(deps: Deps, userId: string): () => void {
  try {
    return deps.callLimits.enter(userId, 'call');
  } catch (refusal) {
    throw asTrpcError(refusal);
  }
}

/** Administrators who are signed in, never a key of theirs that a program carries about; others get the answer of something that does not exist. */
export const adminProcedure = userProcedure.meta({ by: 'session' }).use(({ ctx, next }) => {
  if (ctx.actor.role !== 'admin' || ctx.actor.via !== 'session')
    throw asTrpcError(new AppError('NOT_FOUND', say`There is nothing here.`));
  return next();
});

/** Wraps anything thrown so that tRPC answers with the status and body that our table says. */
export function asTrpcError(error: unknown): TRPCError {
  const failure = toAppError(error);
  return new TRPCError({
    code: TRPC_CODE_BY_STATUS[failure.status] ?? 'INTERNAL_SERVER_ERROR',
    message: failure.message,
    cause: failure,
  });
}

const TRPC_CODE_BY_STATUS: Record<number, TRPCError['code']> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  402: 'PAYMENT_REQUIRED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  410: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
};
