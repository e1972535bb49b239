import type { ImageView } from '@pixgen/domain';
import { expect, it } from 'vitest';
import { comparisonPath, tileAct } from './tile-keys';

const image = (id: string, state: ImageView['state'] = 'ready', rating: number | null = null): ImageView => ({
  id,
  generationId: 'g',
  modelId: 'm',
  position: 0,
  state,
  prompt: '',
  compiledPrompt: '',
  seed: 1,
  width: 1,
  height: 1,
  favourite: false,
  rating,
  thumbhash: null,
  failure: null,
  createdAt: '',
  deletedAt: null,
});

it('gives each key of the sheet one act on the focused picture, and no other key any', () => {
  const done: unknown[] = [];
  const note = (name: string) => (_image: ImageView, rating?: number | null) =>
    done.push(rating === undefined ? name : [name, rating]);
  const [favourite, rate, remix, compare, download, choose] = [
    'favourite',
    'rate',
    'remix',
    'compare',
    'download',
    'choose',
  ].map(note);
  const acts = { favourite, rate, remix, compare, download, choose } as Parameters<typeof tileAct>[2];
  for (const key of ['f', '3', '5', '0', 'r', 'c', 'd', 'x']) tileAct(key, image('a', 'ready', 5), acts)?.();
  expect(done).toEqual([
    'favourite',
    ['rate', 3],
    ['rate', null],
    ['rate', null],
    'remix',
    'compare',
    'download',
    'choose',
  ]);
  for (const key of ['6', 'a', 'Enter', 'F', 'constructor']) expect(tileAct(key, image('a'), acts)).toBeNull();
});

it('compares the chosen two, else a picture with its neighbour that is there, else nothing', () => {
  const images = [image('a'), image('b', 'failed'), image('c'), image('d')];
  expect(comparisonPath(images, new Set(), 'a')).toBe('/compare?a=a&b=c');
  expect(comparisonPath(images, new Set(), 'd')).toBe('/compare?a=d&b=c');
  expect(comparisonPath(images, new Set(['d']), 'a')).toBe('/compare?a=a&b=d');
  expect(comparisonPath(images, new Set(['c', 'd', 'gone']), 'a')).toBe('/compare?a=c&b=d');
  expect(comparisonPath([image('a')], new Set(), 'a')).toBeNull();
  expect(comparisonPath(images, new Set(), 'b')).toBeNull();
});
