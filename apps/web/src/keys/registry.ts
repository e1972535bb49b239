/** Every key of the app in one table: what listens, the sheet behind `?`, and the tests read it. */

export type KeyScope = 'everywhere' | 'studio' | 'pictures';
export type KeyBinding = {
  scope: KeyScope;
  /** As a person reads them. */
  keys: readonly string[];
  label: string;
  /** A key without Ctrl or the like, which can be switched off (WCAG 2.1.4). Arrows, Esc and Del move and leave: they stay. */
  single: boolean;
};

export const KEY_BINDINGS: readonly KeyBinding[] = [
  { scope: 'everywhere', keys: ['Ctrl', 'K'], label: 'Go anywhere', single: false },
  { scope: 'everywhere', keys: ['?'], label: 'Show this sheet', single: true },
  { scope: 'studio', keys: ['Ctrl', '↵'], label: 'Generate', single: false },
  { scope: 'pictures', keys: ['←', '→', '↑', '↓'], label: 'Move between pictures', single: false },
  { scope: 'pictures', keys: ['Space'], label: 'Open and close a picture', single: true },
  { scope: 'pictures', keys: ['f'], label: 'Favourite', single: true },
  { scope: 'pictures', keys: ['1', '…', '5'], label: 'Rate', single: true },
  { scope: 'pictures', keys: ['x'], label: 'Select', single: true },
  { scope: 'pictures', keys: ['r'], label: 'Remix', single: true },
  { scope: 'pictures', keys: ['c'], label: 'Compare', single: true },
  { scope: 'pictures', keys: ['i'], label: 'Recipe', single: true },
  { scope: 'pictures', keys: ['d'], label: 'Download', single: true },
  { scope: 'pictures', keys: ['Del'], label: 'Delete', single: false },
  { scope: 'pictures', keys: ['Ctrl', 'A'], label: 'Select all', single: false },
  { scope: 'pictures', keys: ['Ctrl', 'Z'], label: 'Undo', single: false },
  { scope: 'pictures', keys: ['Esc'], label: 'Leave', single: false },
];

export const SCOPE_WORDS: Record<KeyScope, string> = {
  everywhere: 'Everywhere',
  studio: 'Studio',
  pictures: 'Gallery and pictures',
};

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
