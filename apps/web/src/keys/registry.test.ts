import { afterEach, expect, it, vi } from 'vitest';
import { KEY_BINDINGS, mayListen, setSingleKeys } from './registry';

afterEach(() => vi.unstubAllGlobals());

function stubStorage(): void {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  });
}

it('lets every character key be switched off, and none that moves or leaves', () => {
  stubStorage();
  expect(mayListen('f')).toBe(true);
  setSingleKeys(false);
  for (const key of ['f', '5', 'x', 'r', '?', ' ']) expect(mayListen(key), key).toBe(false);
  for (const key of ['ArrowLeft', 'Escape', 'Delete', 'Home']) expect(mayListen(key), key).toBe(true);
  setSingleKeys(true);
  expect(mayListen('f')).toBe(true);
});

it('names each key once per place, and calls those single that are a character alone', () => {
  const names = KEY_BINDINGS.map(({ scope, keys }) => `${scope} ${keys.join()}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { keys, single } of KEY_BINDINGS) {
    const character = keys.every((key) => /^([a-z0-9?…]|Space)$/.test(key));
    expect(single, keys.join()).toBe(character);
  }
});
