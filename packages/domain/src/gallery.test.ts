import { expect, it } from 'vitest';
import { imageFilter } from './gallery.ts';

it.each(['pack', 'search'])('a filter by %s holds no character that Postgres cannot store', (name) => {
  expect(imageFilter.parse({ [name]: 'a\u0000b' })).toMatchObject({ [name]: 'a b' });
});
