/**
 * The deployed Modal app (`gpu/modal_app.py`). npm `modal` is pinned to exactly 0.11.1: `latest` on npm is an unrelated
 * package, and the client's RPCs are not a public interface. Arguments and results travel as CBOR, so plain values only.
 * `tools/modal` tests this file against a Modal server of our own, with the SDK's own client.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type CallStatus, callStatus, type JobKind, type Ticket, terminalEvent } from '@pixgen/domain';
import type { ModalClientParams } from 'modal';
import { type GpuBackend, GpuBackendError } from './gpu-backend.ts';

const CLASS_OF_KIND: Record<JobKind, string> = { train: 'Trainer', generate: 'Generator' };
const METHOD = 'run';

export type ModalBackendOptions = {
  appName: string;
  tokenId: string;
  tokenSecret: string;
  /** Longest wait for a whole answer, in ms. */
  timeoutMs?: number;
};

/** Connects lazily: a wrong token shows at the first call, as `refused`. The server is `MODAL_SERVER_URL`, or Modal. */
export async function createModalBackend(options: ModalBackendOptions): Promise<GpuBackend> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  // Loaded only where Modal is in use: the client is large.
  const { ModalClient } = await import('modal');
  const modal = new ModalClient({
    tokenId: options.tokenId,
    tokenSecret: options.tokenSecret,
    // Asked to wait, the client would wait in silence, for ever; our queue comes back instead.
    maxThrottleWaitSecs: 0,
    grpcMiddleware: [boundedBy(timeoutMs / 2)],
  });

  /** @throws {GpuBackendError} also when the client goes on waiting, e.g. for a large result */
  async function asked<T>(work: () => Promise<T>): Promise<T> {
    const done = new AbortController();
    const late = delay(timeoutMs, undefined, { signal: done.signal }).then(() => {
      throw new Error(`no answer within ${timeoutMs} ms`);
    });
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      throw asBackendError(error, options.appName);
    } finally {
      late.catch(() => {});
      done.abort();
    }
  }

  return {
    name: 'modal',
    async submit(ticket, kind) {
      const call = await asked(async () => {
        const instance = await (await modal.cls.fromName(options.appName, CLASS_OF_KIND[kind])).instance();
        return instance.method(METHOD).spawn([ticket satisfies Ticket]);
      });
      return { callId: call.functionCallId };
    },
    async status(callId): Promise<CallStatus> {
      try {
        return await asked(async () => {
          const call = await modal.functionCalls.fromId(callId);
          return asStatus(await call.get({ timeoutMs: 0 }));
        });
      } catch (error) {
        const status = statusOfError((error as GpuBackendError).cause);
        if (status) return status;
        throw error;
      }
    },
    async cancel(callId) {
      await asked(async () => {
        const call = await modal.functionCalls.fromId(callId);
        await call.cancel({ terminateContainers: true });
      }).catch((error: GpuBackendError) => {
        if (!isUnknown(error.cause)) throw error;
      });
    },
    // Its connections do not keep the process alive, and cannot be closed.
    close: async () => modal.close(),
  };
}

type Middleware = NonNullable<ModalClientParams['grpcMiddleware']>[number];

/** Ends each RPC, with all of the client's own retries, after a while: by itself the client sets no limit. */
function boundedBy(limitMs: number): Middleware {
  return async function* bounded(call, options) {
    const { timeoutMs = limitMs } = options as { timeoutMs?: number };
    return yield* call.next(call.request, { ...options, timeoutMs: Math.min(timeoutMs, limitMs) } as typeof options);
  };
}

/** The function returns its terminal event, or a status of its own when it ended without work. */
function asStatus(value: unknown): CallStatus {
  const result = terminalEvent.safeParse(value);
  if (result.success) return { state: 'finished', result: result.data };
  const status = callStatus.safeParse(value);
  return status.success ? status.data : NOT_UNDERSTOOD;
}

const NOT_UNDERSTOOD: CallStatus = { state: 'lost', reason: 'The call returned a value that is not understood.' };

/** What an error of the client says about the call; null: nothing, Modal could not be asked. */
function statusOfError(error: unknown): CallStatus | null {
  // The client's classes are compared by name: gRPC errors come from a dependency of it that we do not import.
  const name = nameOf(error);
  if (name === 'TimeoutError') return { state: 'pending' };
  if (name === 'FunctionTimeoutError') return { state: 'lost', reason: 'The call ran past its time limit.' };
  if (name === 'InternalFailure') return { state: 'lost', reason: 'Modal lost the call by a fault of its own.' };
  if (isUnknown(error)) return { state: 'lost', reason: 'Modal does not know this call.' };
  // A cancelled call, a Python exception and a killed container look alike here; all ended without a result.
  if (name === 'RemoteError') return { state: 'lost', reason: 'The call ended without a result.' };
  // The client has no class for it: an app that answers in Python's pickle.
  if (error instanceof Error && /output format|data format/i.test(error.message)) return NOT_UNDERSTOOD;
  return null;
}

const GRPC = { invalidArgument: 3, notFound: 5, permissionDenied: 7, resourceExhausted: 8, unauthenticated: 16 };

function asBackendError(cause: unknown, appName: string): GpuBackendError {
  const name = nameOf(cause);
  const code = codeOf(cause);
  const refused = (message: string) => new GpuBackendError('refused', message, { cause });
  if (name === 'ResourceExhaustedError' || code === GRPC.resourceExhausted) {
    return new GpuBackendError('throttled', 'Modal takes no more calls now.', { cause });
  }
  if (code === GRPC.unauthenticated || code === GRPC.permissionDenied) {
    return refused('Modal refuses the token: check MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.');
  }
  if (isUnknown(cause)) {
    return refused(`Modal knows no app ${appName}: check MODAL_APP, or deploy it with \`pnpm modal:deploy\`.`);
  }
  if (name === 'InvalidError' || code === GRPC.invalidArgument) return refused('Modal refuses the call.');
  return new GpuBackendError('unavailable', 'Modal does not answer.', { cause });
}

function isUnknown(error: unknown): boolean {
  return nameOf(error) === 'NotFoundError' || codeOf(error) === GRPC.notFound;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
