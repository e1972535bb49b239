/** Spares a GPU provider that does not answer: after a few faults in a row it is asked again one call at a time. */
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
} from 'cockatiel';
import type { Log } from '../deps.ts';
import { type GpuBackend, GpuBackendError } from './gpu-backend.ts';

/** Calls in a row without an answer that open the circuit. */
const FAULTS = 5;
/** Pause before the next trial call: grows with each failed one, with jitter, so that workers do not try together. */
const PAUSE = { initialDelay: 1_000, maxDelay: 30_000 };
/** The longest wait for an answer, whatever the client of the provider allows itself. */
const ANSWER_MS = 15_000;
/** Work that found the circuit open comes back after this, plus up to as much again. */
const COME_BACK_MS = 1_000;

export type GpuCircuit = 'closed' | 'open' | 'half-open';
export type GuardedGpu = GpuBackend & { circuit: () => GpuCircuit };

/**
 * The same backend behind a circuit breaker of its own. Only `unavailable` counts as a fault: a refusal and "full" are
 * answers. While the circuit is open every call throws {@link GpuBackendError} of kind `paused` at once.
 *
 * @param pause for tests
 */
export function withCircuitBreaker(gpu: GpuBackend, log: Log, pause = PAUSE): GuardedGpu {
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof GpuBackendError) || error.kind === 'unavailable'),
    { breaker: new ConsecutiveBreaker(FAULTS), halfOpenAfter: new ExponentialBackoff(pause) },
  );
  breaker.onBreak(() => log.warn({ gpu: gpu.name }, 'the GPU provider does not answer: its circuit is open'));
  breaker.onHalfOpen(() => log.info({ gpu: gpu.name }, 'the GPU provider is tried again'));
  breaker.onReset(() => log.info({ gpu: gpu.name }, 'the GPU provider answers: its circuit is closed'));

  // Nobody listens for the end of a call that has ended; aborting it would make an error with a stack for each.
  const inTime = timeout(ANSWER_MS, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false });
  async function guarded<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await breaker.execute(() => inTime.execute(call));
    } catch (error) {
      if (error instanceof TaskCancelledError) {
        throw new GpuBackendError('unavailable', 'The GPU provider did not answer in time.', { cause: error });
      }
      if (!(error instanceof BrokenCircuitError)) throw error;
      const retryAfterMs = Math.round(COME_BACK_MS * (1 + Math.random()));
      throw new GpuBackendError('paused', 'The GPU provider did not answer before and is left alone for a moment.', {
        retryAfterMs,
      });
    }
  }
  return {
    name: gpu.name,
    circuit: () => stateOf(breaker),
    submit: (ticket, kind) => guarded(() => gpu.submit(ticket, kind)),
    status: (callId) => guarded(() => gpu.status(callId)),
    cancel: (callId) => guarded(() => gpu.cancel(callId)),
    close: () => gpu.close(),
  };
}

function stateOf({ state }: CircuitBreakerPolicy): GpuCircuit {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}
