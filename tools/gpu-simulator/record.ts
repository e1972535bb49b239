/** The simulator's own account of what was asked of it: outside evidence for the chaos checker. */
import { mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

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
  #file: number | undefined;

  /** @param folder where this process also writes its lines, each at once: what it did is known when it was killed */
  constructor(limit: () => number, folder?: string) {
    this.#limit = limit;
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    this.#file = openSync(join(folder, `${Date.now()}-${process.pid}.jsonl`), 'a');
  }

  add(line: WithoutTime<RecordLine>): void {
    if (this.#file !== undefined) {
      writeSync(this.#file, `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`);
    }
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

/**
 * The records of all processes that wrote into `folder`, one list of lines per process in order of their starts. The last
 * line of a killed one may be cut off and is left out.
 */
export function readRecordFolder(folder: string): RecordLine[][] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return files.toSorted().map((name) => {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as RecordLine);
  });
}
