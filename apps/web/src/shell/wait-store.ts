/** Until when the API asks this person to wait, as its answers say it. */
import type { Words } from '@/language/messages';

/** Longer waits are hours of a quota; the answer itself names those. */
const MAX_SHOWN_MS = 60 * 60_000;

const WAITS = new Set([429, 207, 503]);

let until = 0;
let isBusy = false;
const listeners = new Set<() => void>();

/** Some of a batch may be refused while the rest is done: its status is 207 then. */
export function noteWait(answer: Pick<Response, 'status' | 'headers'>, now = Date.now()): void {
  const seconds = Number(answer.headers.get('retry-after'));
  if (!WAITS.has(answer.status) || !(seconds > 0)) return;
  const end = now + Math.min(seconds * 1000, MAX_SHOWN_MS);
  if (end <= until) return;
  until = end;
  isBusy = answer.status === 503;
  for (const listener of listeners) listener();
}

/** `fetch` for calls of the API. */
export const fetchNotingWaits: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init);
  noteWait(answer);
  return answer;
};

export const waitStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Milliseconds since 1970; 0: nobody has to wait. */
  until: (): number => until,
  /** Whether PixGen cannot answer anybody right now, rather than this person having asked too often. */
  isBusy: (): boolean => isBusy,
};

/** `4:05`, or `12 seconds` below a minute. */
export function waitInWords(t: Words<'shell'>, ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  if (seconds < 60) return t('seconds', { seconds });
  return t('minutes', { minutes: Math.floor(seconds / 60), seconds: String(seconds % 60).padStart(2, '0') });
}
