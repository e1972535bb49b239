import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHARACTERS, keyFor, meantKey, setSingleKeys } from './meant-key';
import { chooseKey, forgetOwnKeys, hasOwnKeys, KEY_BINDINGS, keysOf } from './registry';

const kept = new Map<string, string>();
beforeEach(() => {
  kept.clear();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  });
});
afterEach(() => vi.unstubAllGlobals());

it('lets every character key be switched off, and none that moves or leaves', () => {
  expect(meantKey('f')).toBe('f');
  setSingleKeys(false);
  for (const key of ['f', '5', 'x', 'r', '?', ' ']) expect(meantKey(key), key).toBeNull();
  for (const key of ['ArrowLeft', 'Escape', 'Delete', 'Home']) expect(meantKey(key), key).toBe(key);
  setSingleKeys(true);
  expect(meantKey('f')).toBe('f');
});

it('names each key once per place, and lets those be chosen that are a character alone', () => {
  const names = KEY_BINDINGS.map((binding) => `${binding.scope} ${keysOf(binding).join()}`);
  expect(new Set(names).size).toBe(names.length);
  for (const binding of KEY_BINDINGS) {
    const isCharacter = /^([a-z?]|Space)$/.test(keysOf(binding).join());
    expect(binding.name in CHARACTERS, binding.name).toBe(isCharacter);
  }
  expect(KEY_BINDINGS.filter(({ keys }) => keys === undefined)).toHaveLength(Object.keys(CHARACTERS).length);
});

describe('a key that was chosen', () => {
  it('does what the usual one did, which does nothing any more', () => {
    expect(chooseKey('favourite', 'l')).toBeNull();
    expect([meantKey('l'), meantKey('f'), keyFor('favourite')]).toEqual(['f', null, 'l']);
    expect(chooseKey('open', 'o')).toBeNull();
    expect([meantKey('o'), meantKey(' '), keyFor('open')]).toEqual([' ', null, 'o']);
    const favourite = KEY_BINDINGS.find(({ name }) => name === 'favourite');
    expect(favourite && keysOf(favourite)).toEqual(['l']);
    forgetOwnKeys();
    expect([meantKey('l'), meantKey('f'), meantKey(' '), keyFor('open')]).toEqual(['l', 'f', ' ', 'Space']);
  });

  it('can be one that another act has left, and not one that another act has', () => {
    expect(chooseKey('favourite', 'x')).toEqual({ takenBy: 'select' });
    expect(chooseKey('favourite', '3')).toEqual({ takenBy: 'rate' });
    expect(meantKey('f')).toBe('f');
    expect(chooseKey('select', 'y')).toBeNull();
    expect(chooseKey('favourite', 'x')).toBeNull();
    expect([meantKey('x'), meantKey('y'), meantKey('f')]).toEqual(['f', 'x', null]);
    // The usual one of another act, which listens elsewhere, is not free while somebody has it.
    expect(chooseKey('select', 'x')).toEqual({ takenBy: 'favourite' });
  });

  it.each(['Enter', 'F5', 'ArrowUp', 'Shift', ''])('is a character, which %j is not', (key) => {
    expect(chooseKey('favourite', key)).toBe('notACharacter');
    expect(hasOwnKeys()).toBe(false);
  });

  it('is forgotten when it is the usual one again', () => {
    chooseKey('favourite', 'l');
    expect(hasOwnKeys()).toBe(true);
    expect(chooseKey('favourite', 'f')).toBeNull();
    expect(hasOwnKeys()).toBe(false);
  });

  it('is switched off with the others', () => {
    chooseKey('favourite', 'l');
    setSingleKeys(false);
    expect(meantKey('l')).toBeNull();
  });

  it.each([
    '{',
    'null',
    '[]',
    '7',
    '{"favourite":"3"}',
    '{"favourite":"Enter"}',
    '{"favourite":7}',
    '{"toString":"t"}',
  ])('is the usual one where %s was stored', (text) => {
    kept.set('pixgen-keys', text);
    expect([meantKey('f'), keyFor('favourite'), hasOwnKeys()]).toEqual(['f', 'f', false]);
  });

  it('is the usual one where nothing can be stored', () => {
    vi.stubGlobal('localStorage', undefined);
    expect(chooseKey('favourite', 'l')).toBeNull();
    expect(meantKey('f')).toBe('f');
  });
});
