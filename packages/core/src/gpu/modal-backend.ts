/**
 * The deployed Modal app (`gpu/modal_app.py`). npm `modal` is pinned to exactly 0.11.1: `latest` on npm is an unrelated
 * package, and the client's RPCs are not a public interface. Arguments and results travel as CBOR, so plain values only.
 */
import { type CallStatus, callStatus, type JobKind, type Ticket, terminalEvent } from '@pixgen/domain';
import type { FunctionCall, ModalClient } from 'modal';
import { type GpuBackend, GpuBackendError } from './gpu-backend.ts';

const CLASS_OF_KIND: Record<JobKind, string> = { train: 'Trainer', generate: 'Generator' };
const METHOD = 'run';

export type ModalBackendOptions = { appName: string; tokenId: string; tokenSecret: string };

/** What is used of the client; tests put a stand-in here. */
export type ModalCalls = {
  spawn(className: string, ticket: Ticket): Promise<string>;
  call(callId: string): Promise<Pick<FunctionCall, 'get' | 'cancel'>>;
  close(): void;
};

/** Connects lazily: a wrong token shows at the first call, as `refused`. */
export async function createModalBackend(options: ModalBackendOptions): Promise<GpuBackend> {
  // Loaded only where Modal is in use: the client is large.
  const { ModalClient } = await import('modal');
  const client = new ModalClient({ tokenId: options.tokenId, tokenSecret: options.tokenSecret });
  return modalBackend(modalCalls(client, options.appName));
}

export function modalBackend(modal: ModalCalls): GpuBackend {
  return {
    name: 'modal',
    async submit(ticket, kind) {
      return { callId: await asked(() => modal.spawn(CLASS_OF_KIND[kind], ticket)) };
    },
    async status(callId): Promise<CallStatus> {
      try {
        const call = await modal.call(callId);
        return asStatus(await call.get({ timeoutMs: 0 }));
      } catch (error) {
        return statusOfError(error);
      }
    },
    async cancel(callId) {
      await asked(async () => {
        const call = await modal.call(callId);
        await call.cancel({ terminateContainers: true });
      }).catch((error: unknown) => {
        if (!isUnknown((error as GpuBackendError).cause)) throw error;
      });
    },
    async close() {
      modal.close();
    },
  };
}

function modalCalls(client: ModalClient, appName: string): ModalCalls {
  return {
    async spawn(className, ticket) {
      const cls = await client.cls.fromName(appName, className);
      const call = await (await cls.instance()).method(METHOD).spawn([ticket]);
      return call.functionCallId;
    },
    call: (callId) => client.functionCalls.fromId(callId),
    close: () => client.close(),
  };
}

/** The function returns its terminal event, or a status of its own when it ended without work. */
function asStatus(value: unknown): CallStatus {
  const result = terminalEvent.safeParse(value);
  if (result.success) return { state: 'finished', result: result.data };
  const status = callStatus.safeParse(value);
  return status.success ? status.data : { state: 'lost', reason: 'The call returned a value that is not understood.' };
}

// The client's classes are compared by name: gRPC errors come from a dependency of it that we do not import.
function statusOfError(error: unknown): CallStatus {
  const name = nameOf(error);
  if (name === 'TimeoutError') return { state: 'pending' };
  if (name === 'FunctionTimeoutError') return { state: 'lost', reason: 'The call ran past its time limit.' };
  if (isUnknown(error)) return { state: 'lost', reason: 'Modal does not know this call.' };
  // A cancelled call and a Python exception look alike here; both ended without a result.
  if (name === 'RemoteError') return { state: 'lost', reason: 'The call ended without a result.' };
  throw asBackendError(error);
}

async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asBackendError(error);
  }
}

const GRPC = { invalidArgument: 3, notFound: 5, permissionDenied: 7, resourceExhausted: 8, unauthenticated: 16 };
const REFUSED: readonly unknown[] = [GRPC.invalidArgument, GRPC.notFound, GRPC.permissionDenied, GRPC.unauthenticated];

function asBackendError(cause: unknown): GpuBackendError {
  const name = nameOf(cause);
  const code = codeOf(cause);
  if (name === 'ResourceExhaustedError' || code === GRPC.resourceExhausted) {
    return new GpuBackendError('throttled', 'Modal takes no more calls now.', { cause });
  }
  if (name === 'NotFoundError' || name === 'InvalidError' || REFUSED.includes(code)) {
    return new GpuBackendError('refused', 'Modal refuses the call: check the token and the deployed app.', { cause });
  }
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
