/** Every key of the app in one table: what listens, the sheet behind `?`, and the tests read it. Characters can be chosen anew. */
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
  /** What listens for it, where a person may choose another character. */
  character?: string;
};

export const KEY_BINDINGS: readonly KeyBinding[] = [
  { scope: 'everywhere', keys: ['Ctrl', 'K'], name: 'goAnywhere', single: false },
  { scope: 'everywhere', keys: ['?'], name: 'showThisSheet', single: true, character: '?' },
  { scope: 'studio', keys: ['Ctrl', '↵'], name: 'generate', single: false },
  { scope: 'pictures', keys: ['←', '→', '↑', '↓'], name: 'move', single: false },
  { scope: 'pictures', keys: ['Space'], name: 'open', single: true, character: ' ' },
  { scope: 'pictures', keys: ['f'], name: 'favourite', single: true, character: 'f' },
  { scope: 'pictures', keys: ['1', '…', '5'], name: 'rate', single: true },
  { scope: 'pictures', keys: ['x'], name: 'select', single: true, character: 'x' },
  { scope: 'pictures', keys: ['r'], name: 'remix', single: true, character: 'r' },
  { scope: 'pictures', keys: ['c'], name: 'compare', single: true, character: 'c' },
  { scope: 'pictures', keys: ['i'], name: 'recipe', single: true, character: 'i' },
  { scope: 'pictures', keys: ['d'], name: 'download', single: true, character: 'd' },
  { scope: 'pictures', keys: ['Del'], name: 'delete', single: false },
  { scope: 'pictures', keys: ['Ctrl', 'A'], name: 'selectAll', single: false },
  { scope: 'pictures', keys: ['Ctrl', 'Z'], name: 'undo', single: false },
  { scope: 'pictures', keys: ['Esc'], name: 'leave', single: false },
];

const SINGLE_KEYS = 'pixgen-single-keys';
const OWN_KEYS = 'pixgen-keys';

/** Keys that listen although single keys are off: they are no characters. */
const ALWAYS = /^(Arrow|Escape$|Delete$|Backspace$|Home$|End$|Page|Enter$|Tab$)/;
/** The stars of a rating: six keys that belong together, and stay. */
const RATING = /^[0-5]$/;

type KeyName = KeyBinding['name'];
type ChoosableBinding = KeyBinding & { character: string };
/** What a person chose instead of the usual character. */
type OwnKeys = Partial<Record<KeyName, string>>;

const CHOOSABLE = KEY_BINDINGS.filter((binding): binding is ChoosableBinding => binding.character !== undefined);

/**
 * What a key that was pressed alone stands for: the usual character of an act, wherever a person put it.
 *
 * @returns null where it must not do anything: single keys are off, or its act listens to another key now
 */
export function meantKey(pressed: string): string | null {
  if (ALWAYS.test(pressed)) return pressed;
  if (!singleKeysOn()) return null;
  const own = ownKeys();
  const binding = CHOOSABLE.find(({ name, character }) => (own[name] ?? character) === pressed);
  if (binding) return binding.character;
  return CHOOSABLE.some(({ character }) => character === pressed) ? null : pressed;
}

/** The key to press for an act, as a person reads it. */
export function keyFor(character: string): string {
  const binding = CHOOSABLE.find((one) => one.character === character);
  return written((binding && ownKeys()[binding.name]) ?? character);
}

/** The keys of a line of the sheet, as a person reads them. */
export function keysOf({ keys, character }: KeyBinding): readonly string[] {
  return character === undefined ? keys : [keyFor(character)];
}

/** Whether any act listens to another key than the usual one. */
export function hasOwnKeys(): boolean {
  return Object.keys(ownKeys()).length > 0;
}

/**
 * Lets an act listen to another character from now on, in this browser.
 *
 * @param pressed as `KeyboardEvent.key` names it
 * @returns null when it does, else why not: the key is no character that may be chosen, or it is another act's
 */
export function chooseKey(name: KeyName, pressed: string): null | 'notACharacter' | { takenBy: KeyName } {
  if (RATING.test(pressed)) return { takenBy: 'rate' };
  if (!isCharacter(pressed)) return 'notACharacter';
  const own = ownKeys();
  const taken = CHOOSABLE.find((one) => one.name !== name && (own[one.name] ?? one.character) === pressed);
  if (taken) return { takenBy: taken.name };
  const { [name]: _before, ...others } = own;
  const isUsual = CHOOSABLE.some((one) => one.name === name && one.character === pressed);
  store(OWN_KEYS, JSON.stringify(isUsual ? others : { ...others, [name]: pressed }));
  return null;
}

export function forgetOwnKeys(): void {
  store(OWN_KEYS, null);
}

export function singleKeysOn(): boolean {
  return stored(SINGLE_KEYS) !== 'off';
}

export function setSingleKeys(on: boolean): void {
  store(SINGLE_KEYS, on ? null : 'off');
}

/** As stored, without what no version of ours would have written. */
function ownKeys(): OwnKeys {
  try {
    const found: unknown = JSON.parse(stored(OWN_KEYS) ?? '{}');
    if (typeof found !== 'object' || found === null) return {};
    const entries = CHOOSABLE.map(({ name }) => [name, (found as Record<string, unknown>)[name]] as const);
    return Object.fromEntries(entries.filter(([, key]) => typeof key === 'string' && isCharacter(key)));
  } catch {
    return {};
  }
}

function isCharacter(key: string): boolean {
  return [...key].length === 1 && !RATING.test(key);
}

function written(character: string): string {
  return character === ' ' ? 'Space' : character;
}

/** Where a browser keeps nothing, all keys are the usual ones. */
function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {}
}
