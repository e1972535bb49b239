/** Every key of the app in one table: what listens, the sheet behind `?`, and the tests read it. */
import type { Messages } from '@/language/messages';

export type KeyScope = 'everywhere' | 'studio' | 'pictures';
export type KeyBinding = {
  scope: KeyScope;
  /** As a person reads them. */
  keys: readonly string[];
  /** The key of its label in the messages. */
  name: keyof Messages['shell']['keys'];
  /** A key without Ctrl or the like, which can be switched off (WCAG 2.1.4). Arrows, Esc and Del move and leave: they stay. */
  single: boolean;
};

export const KEY_BINDINGS: readonly KeyBinding[] = [
  { scope: 'everywhere', keys: ['Ctrl', 'K'], name: 'goAnywhere', single: false },
  { scope: 'everywhere', keys: ['?'], name: 'showThisSheet', single: true },
  { scope: 'studio', keys: ['Ctrl', '↵'], name: 'generate', single: false },
  { scope: 'pictures', keys: ['←', '→', '↑', '↓'], name: 'move', single: false },
  { scope: 'pictures', keys: ['Space'], name: 'open', single: true },
  { scope: 'pictures', keys: ['f'], name: 'favourite', single: true },
  { scope: 'pictures', keys: ['1', '…', '5'], name: 'rate', single: true },
  { scope: 'pictures', keys: ['x'], name: 'select', single: true },
  { scope: 'pictures', keys: ['r'], name: 'remix', single: true },
  { scope: 'pictures', keys: ['c'], name: 'compare', single: true },
  { scope: 'pictures', keys: ['i'], name: 'recipe', single: true },
  { scope: 'pictures', keys: ['d'], name: 'download', single: true },
  { scope: 'pictures', keys: ['Del'], name: 'delete', single: false },
  { scope: 'pictures', keys: ['Ctrl', 'A'], name: 'selectAll', single: false },
  { scope: 'pictures', keys: ['Ctrl', 'Z'], name: 'undo', single: false },
  { scope: 'pictures', keys: ['Esc'], name: 'leave', single: false },
];

const STORAGE = 'pixgen-single-keys';

/** Keys that listen although single keys are off: they are no characters. */
const ALWAYS = /^(Arrow|Escape$|Delete$|Backspace$|Home$|End$|Page|Enter$|Tab$)/;

/** Whether a key that was pressed alone may do something. */
export function mayListen(key: string): boolean {
  return ALWAYS.test(key) || singleKeysOn();
}

export function singleKeysOn(): boolean {
  try {
    return localStorage.getItem(STORAGE) !== 'off';
  } catch {
    return true;
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    if (on) localStorage.removeItem(STORAGE);
    else localStorage.setItem(STORAGE, 'off');
  } catch {}
}
