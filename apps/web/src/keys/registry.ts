/** Every key of the app in one table: the sheet behind `?` and the tests read it, and it says which can be chosen anew. */
import {
  CHARACTERS,
  type Choosable,
  isCharacter,
  type KeyName,
  keepOwnKeys,
  keyFor,
  nameOf,
  ownKeys,
} from './meant-key';

export type KeyScope = 'everywhere' | 'studio' | 'pictures';
export type KeyBinding = {
  scope: KeyScope;
  /** The key of its label in the messages. */
  name: KeyName;
  /** As a person reads them. Without any, the act listens to a character that can be chosen. */
  keys?: readonly string[];
};

export const KEY_BINDINGS: readonly KeyBinding[] = [
  { scope: 'everywhere', keys: ['Ctrl', 'K'], name: 'goAnywhere' },
  { scope: 'everywhere', name: 'showThisSheet' },
  { scope: 'studio', keys: ['Ctrl', '↵'], name: 'generate' },
  { scope: 'pictures', keys: ['←', '→', '↑', '↓'], name: 'move' },
  { scope: 'pictures', name: 'open' },
  { scope: 'pictures', name: 'favourite' },
  { scope: 'pictures', keys: ['1', '…', '5'], name: 'rate' },
  { scope: 'pictures', name: 'select' },
  { scope: 'pictures', name: 'remix' },
  { scope: 'pictures', name: 'compare' },
  { scope: 'pictures', name: 'recipe' },
  { scope: 'pictures', name: 'download' },
  { scope: 'pictures', keys: ['Del'], name: 'delete' },
  { scope: 'pictures', keys: ['Ctrl', 'A'], name: 'selectAll' },
  { scope: 'pictures', keys: ['Ctrl', 'Z'], name: 'undo' },
  { scope: 'pictures', keys: ['Esc'], name: 'leave' },
];

/** Whether a person may choose another key for it. */
export function isChoosable(name: KeyName): name is Choosable {
  return name in CHARACTERS;
}

/** The keys of a line of the sheet, as a person reads them. */
export function keysOf({ keys, name }: KeyBinding): readonly string[] {
  return keys ?? (isChoosable(name) ? [keyFor(name)] : []);
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
export function chooseKey(name: Choosable, pressed: string): null | 'notACharacter' | { takenBy: KeyName } {
  if (/^[0-5]$/.test(pressed)) return { takenBy: 'rate' };
  if (!isCharacter(pressed)) return 'notACharacter';
  const taken = nameOf(pressed);
  if (taken !== undefined && taken !== name) return { takenBy: taken };
  const { [name]: _before, ...others } = ownKeys();
  keepOwnKeys(pressed === CHARACTERS[name] ? others : { ...others, [name]: pressed });
  return null;
}

export function forgetOwnKeys(): void {
  keepOwnKeys(null);
}
