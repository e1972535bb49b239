/** The simulator's own account of what was asked of it: outside evidence for the chaos checker. */

export type RecordLine = { at: string } & (
  | { kind: 'submit'; callId: string | null; jobId: string; attempt: number; answer: string }
  | { kind: 'claim'; callId: string; jobId: string; attempt: number; epoch: number | null; httpStatus: number }
  | { kind: 'upload'; callId: string; jobId: string; purpose: string; key: string | null; httpStatus: number }
  | {
      kind: 'event';
      callId: string;
      jobId: string;
      epoch: number;
      type: string;
      webhookId: string;
      /** Of the last try; 0 = no answer, null = never sent. */
      httpStatus: number | null;
      tries: number;
      fault: string | null;
    }
  | { kind: 'crash'; callId: string; jobId: string; point: string; effect: string }
  | { kind: 'cancel'; callId: string; jobId: string }
  | { kind: 'end'; callId: string; jobId: string; attempt: number; state: string; gpuMs: number; containerMs: number }
);

export type RecordTotals = {
  submits: number;
  claims: number;
  claimsRefused: number;
  uploads: number;
  eventsSent: number;
  calls: number;
  /** Time between a granted claim and the end of that life of the call. */
  gpuMs: number;
  /** Time the call existed at all, claim included: what a provider would bill. */
  containerMs: number;
};

export type SimulatorRecord = { totals: RecordTotals; dropped: number; lines: RecordLine[] };

// A plain `Omit` would merge the union's members.
type WithoutTime<T> = T extends RecordLine ? Omit<T, 'at'> : never;

export class Recorder {
  readonly totals: RecordTotals = {
    submits: 0,
    claims: 0,
    claimsRefused: 0,
    uploads: 0,
    eventsSent: 0,
    calls: 0,
    gpuMs: 0,
    containerMs: 0,
  };
  #lines: (WithoutTime<RecordLine> & { at: number })[] = [];
  #dropped = 0;
  #limit: () => number;

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  add(line: WithoutTime<RecordLine>): void {
    const limit = this.#limit();
    if (limit === 0) return;
    this.#lines.push({ at: Date.now(), ...line });
    // Trimmed in blocks: shifting one line per call would cost more than the work it records.
    if (this.#lines.length > limit * 1.25) {
      const excess = this.#lines.length - limit;
      this.#lines.splice(0, excess);
      this.#dropped += excess;
    }
  }

  read(): SimulatorRecord {
    return {
      totals: { ...this.totals },
      dropped: this.#dropped,
      lines: this.#lines.map((line) => ({ ...line, at: new Date(line.at).toISOString() }) as RecordLine),
    };
  }
}
