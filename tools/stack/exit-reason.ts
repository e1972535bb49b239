/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** False when nobody asked it to stop. */
  readonly expected: boolean;
  /** The end of what it printed since it was started: the reason of a crash. */
  readonly lastLines: string;
}

/** What a program died of as one line for a person: its last error line, without the stack trace around it. */
export function reasonOf(exit: Exit): string {
  const lines = exit.lastLines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(at |Node\.js v)/.test(line));
  const line = lines.findLast(isTelling) ?? lines.at(-1);
  const how = exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code ?? '?'}`;
  return line === undefined ? how : `${messageOf(line)} (${how})`;
}

/** A line of an uncaught exception, of a server's own complaint, or of a structured log at level error (50) or fatal (60). */
function isTelling(line: string): boolean {
  return /\b\w*(error|exception|fatal|panic)\b.*:|"level":(50|60)|\b(refused|denied|failed)\b/i.test(line);
}

function messageOf(line: string): string {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null && 'msg' in entry) return String(entry.msg);
  } catch {
    // Plain text.
  }
  return line.slice(0, 300);
}
