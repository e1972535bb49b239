/** Which act a pressed key stands for. Every page listens through this, so it holds no more than that: the sheet's part is in `registry.ts`. */
import type { Messages } from '@/language/messages';

export type KeyName = keyof Messages['shell']['keys'];

/** The usual key of each act that is a single character, as `KeyboardEvent.key` names it: a person may choose another. */
export const CHARACTERS = {
  showThisSheet: '?',
  open: ' ',
  favourite: 'f',
  select: 'x',
  remix: 'r',
  compare: 'c',
  recipe: 'i',
  download: 'd',
} as const satisfies Partial<Record<KeyName, string>>;
export type Choosable = keyof typeof CHARACTERS;

const NAMES = Object.keys(CHARACTERS) as Choosable[];
const SINGLE_KEYS = 'pixgen-single-keys';
const OWN_KEYS = 'pixgen-keys';

/** Keys that listen although single keys are off: they are no characters. */
const ALWAYS = /^(Arrow|Escape$|Delete$|Backspace$|Home$|End$|Page|Enter$|Tab$)/;
/** Anything but the stars of a rating: six keys that belong together, and stay. */
const CHARACTER = /^[^0-5]$/u;

/**
 * What a key that was pressed alone stands for: the usual character of an act, wherever a person put it.
 *
 * @returns null where it must not do anything: single keys are off, or its act listens to another key now
 */
export function meantKey(pressed: string): string | null {
  if (ALWAYS.test(pressed)) return pressed;
  if (!singleKeysOn()) return null;
  const name = nameOf(pressed);
  if (name) return CHARACTERS[name];
  return NAMES.some((one) => CHARACTERS[one] === pressed) ? null : pressed;
}

/** The act that listens to a character now. */
export function nameOf(pressed: string): Choosable | undefined {
  const own = ownKeys();
  return NAMES.find((name) => (own[name] ?? CHARACTERS[name]) === pressed);
}

/** The key to press for an act, as a person reads it. */
export function keyFor(name: Choosable): string {
  const key = ownKeys()[name] ?? CHARACTERS[name];
  return key === ' ' ? 'Space' : key;
}

export function isCharacter(key: string): boolean {
  return CHARACTER.test(key);
}

export function singleKeysOn(): boolean {
  return stored(SINGLE_KEYS) !== 'off';
}

export function setSingleKeys(on: boolean): void {
  store(SINGLE_KEYS, on ? null : 'off');
}

/** What a person chose instead, without what no version of ours would have written. */
export function ownKeys(): Partial<Record<Choosable, string>> {
  try {
    const found: unknown = JSON.parse(stored(OWN_KEYS) ?? '{}');
    const kept = NAMES.map((name) => [name, (found as Record<string, unknown>)[name]] as const);
    return Object.fromEntries(kept.filter(([, key]) => typeof key === 'string' && isCharacter(key)));
  } catch {
    return {};
  }
}

export function keepOwnKeys(keys: Partial<Record<Choosable, string>> | null): void {
  store(OWN_KEYS, keys && JSON.stringify(keys));
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
