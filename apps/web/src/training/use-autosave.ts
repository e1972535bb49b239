'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import { failureOf } from '@/trpc/failure';

/** How long typing has to rest. */
const REST_MS = 400;

export type AutosaveState =
  | { name: 'idle' | 'saving' }
  | { name: 'saved' /** The value as JSON. */; text: string }
  | { name: 'failed'; reason: string };

/**
 * Keeps what is typed on the server: the newest value, once typing rests, one call at a time. What is not saved yet is
 * sent when the person leaves the step, and beside a call that still runs when the page goes away: nobody would be
 * there to send it afterwards. Nothing is called saved while something newer is not.
 *
 * @param value null while there is nothing that could be saved
 * @param saved the value the server has
 */
export function useAutosave<T>(value: T | null, saved: T | null, save: (value: T) => Promise<unknown>) {
  const [state, setState] = useState<AutosaveState>({ name: 'idle' });
  const text = JSON.stringify(value);
  const now = useRef({ value, text, save });
  now.current = { value, text, save };
  const kept = useRef(JSON.stringify(saved));
  const running = useRef<Promise<void>>(null);

  /** @returns false when the server did not take it; `state` says why */
  const flush = useCallback(async (): Promise<boolean> => {
    try {
      while (now.current.value !== null && now.current.text !== kept.current) {
        const { value, text, save } = now.current;
        setState({ name: 'saving' });
        running.current ??= save(value)
          .then(() => {
            kept.current = text;
          })
          .finally(() => {
            running.current = null;
          });
        await running.current;
      }
      const { text } = now.current;
      setState((last) => (last.name === 'idle' ? last : { name: 'saved', text }));
      return true;
    } catch (error) {
      setState({ name: 'failed', reason: failureOf(error).message });
      return false;
    }
  }, []);
  /** Saves also what the server would have anyway. */
  const saveNow = useCallback(() => {
    kept.current = '';
    return flush();
  }, [flush]);

  useEffect(() => {
    if (text === kept.current) return;
    const timer = setTimeout(() => void flush(), REST_MS);
    return () => clearTimeout(timer);
  }, [text, flush]);
  useEffect(() => {
    const leave = () => {
      const { value, text, save } = now.current;
      // A page that comes back from the browser's cache finds out by saving again.
      if (value !== null && text !== kept.current) save(value).catch(() => undefined);
    };
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      void flush();
    };
  }, [flush]);
  const behind = state.name === 'saved' && state.text !== text;
  const shown: AutosaveState = behind ? { name: value === null ? 'idle' : 'saving' } : state;
  return { state: shown, flush, saveNow };
}
