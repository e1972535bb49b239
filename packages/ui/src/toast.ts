/** Notes wait here until the area that shows them has been fetched. */

export type Note = { text: string; action?: { label: string; onClick: () => void } };

const waiting: Note[] = [];
const listeners = new Set<() => void>();

/** Shows a short note, with at most one action. */
export function toast(text: string, options: Omit<Note, 'text'> = {}): void {
  waiting.push({ text, ...options });
  for (const listener of listeners) listener();
}

/** Calls when a note waits. @returns the function that stops it */
export function onWaiting(listener: () => void): () => void {
  listeners.add(listener);
  if (waiting.length > 0) listener();
  return () => void listeners.delete(listener);
}

/** Takes what waits. */
export function takeWaiting(): Note[] {
  return waiting.splice(0);
}
