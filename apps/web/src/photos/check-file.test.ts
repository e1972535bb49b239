import { expect, it } from 'vitest';
import { sniffKind } from './check-file';

const bytes = (...parts: (string | number)[]) =>
  new Uint8Array(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part].map((letter) => letter.charCodeAt(0)))),
  );

it('tells the kind by the first bytes, so that a text file named .jpg is refused', () => {
  expect(sniffKind(bytes(0xff, 0xd8, 0xff, 0xe0))).toBe('image/jpeg');
  expect(sniffKind(bytes(0x89, 'PNG', 13, 10, 26, 10))).toBe('image/png');
  expect(sniffKind(bytes('RIFF', 0, 0, 0, 0, 'WEBPVP8 '))).toBe('image/webp');
  expect(sniffKind(bytes(0, 0, 0, 24, 'ftypheic', 0))).toBe('heic');
  expect(sniffKind(bytes('hello, this is text'))).toBeNull();
  expect(sniffKind(bytes('<svg xmlns="http'))).toBeNull();
  expect(sniffKind(bytes())).toBeNull();
});
