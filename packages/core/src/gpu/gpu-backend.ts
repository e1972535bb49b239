/**
 * The seam to whatever runs GPU work. Three providers stand behind it: Modal, `gpu/server.py`, and the simulator (which
 * speaks the same HTTP as the local server). One conformance suite in `tools/gpu-simulator` holds them to it.
 */
import type { CallStatus, JobKind, Ticket } from '@pixgen/domain';

export interface GpuBackend {
  readonly name: string;
  /**
   * Hands a ticket to the provider and returns at once. A repeated submit of one ticket makes a second call; the claim
   * decides which of them works.
   *
   * @throws {GpuBackendError} when the provider did not answer with a call id. The call may exist all the same.
   */
  submit(ticket: Ticket, kind: JobKind): Promise<{ callId: string }>;
  /**
   * What the provider knows of a call; a call it does not know is `lost`.
   *
   * @throws {GpuBackendError} when the provider cannot be asked. That says nothing about the call.
   */
  status(callId: string): Promise<CallStatus>;
  /**
   * Asks the provider to stop a call. Cancelling an ended or unknown call is not an error.
   *
   * @throws {GpuBackendError} when the provider cannot be asked.
   */
  cancel(callId: string): Promise<void>;
  /** Lets idle connections go; calls in flight at the provider live on. */
  close(): Promise<void>;
}

/**
 * `refused` is permanent (credentials, malformed ticket, unknown app): the same call would be refused again. `paused`: the
 * provider was not asked, see `circuit-breaker.ts`.
 */
export type GpuBackendErrorKind = 'unavailable' | 'throttled' | 'refused' | 'paused';

export class GpuBackendError extends Error {
  readonly kind: GpuBackendErrorKind;
  /** How long the provider asks to wait, if it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: GpuBackendErrorKind,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'GpuBackendError';
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}
