import { expect, it } from 'vitest';
import { isDelivered, srcSetOf } from './src-set';

it('offers a picture at every width that is drawn, up to the first that holds all of it', () => {
  expect(srcSetOf('/i/a', 300)).toBe('/i/a?w=128 128w, /i/a?w=256 256w, /i/a?w=384 384w');
  expect(srcSetOf('/s/a', 256)).toBe('/s/a?w=128 128w, /s/a?w=256 256w');
  expect(srcSetOf('/p/a', 64)).toBe('/p/a?w=128 128w');
});

it('offers no more than the widest for a picture that is wider', () => {
  expect(srcSetOf('/i/a', 4096)).toMatch(/w=1280 1280w, \/i\/a\?w=1920 1920w$/);
});

it('knows what the API draws', () => {
  expect(['/i/a', '/p/a', '/s/a', '/a/i/b', 'blob:http://localhost/1'].map(isDelivered)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
