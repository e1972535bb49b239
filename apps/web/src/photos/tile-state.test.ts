import type { PhotoView } from '@pixgen/domain';
import { describe, expect, it } from 'vitest';
import { english } from '../language/testing';
import {
  countTiles,
  joinTiles,
  moveTile,
  newTile,
  setVerdict,
  stateOfPhoto,
  type Tile,
  type TileState,
} from './tile-state';

const t = english('photos');

const tile = (state: TileState, change: Partial<Tile> = {}): Tile => ({
  key: 'k',
  fileName: 'a.jpg',
  previewUrl: null,
  photoId: null,
  warnings: [],
  state,
  ...change,
});
const photo = (id: string, state: PhotoView['state'], change: Partial<PhotoView> = {}): PhotoView => ({
  id,
  modelId: 'm',
  fileName: `${id}.jpg`,
  state,
  sizeBytes: 1,
  width: null,
  height: null,
  refusal: null,
  look: null,
  warnings: [],
  createdAt: '2026-01-01T00:00:00Z',
  ...change,
});

describe('a tile', () => {
  it('of a photo that came when the set was full says so, and can be tried again once there is room', () => {
    const late = newTile(t, 'k', 'a.jpg', false);
    expect(late.state).toEqual({ name: 'failed', reason: '20 photos are the most. Remove one to add this.' });
    expect(moveTile(late, { name: 'queued' }).state.name).toBe('queued');
    expect(newTile(t, 'k', 'a.jpg', true).state.name).toBe('queued');
  });

  it('goes from queued to done through every state, so that no upload icon stays behind', () => {
    const path: TileState[] = [
      { name: 'checking' },
      { name: 'uploading', sent: 0 },
      { name: 'uploading', sent: 1 },
      { name: 'verifying' },
      { name: 'done' },
    ];
    let now = tile({ name: 'queued' });
    for (const next of path) now = moveTile(now, next);
    expect(now.state.name).toBe('done');
  });

  it('ignores a progress event that arrives after the verdict', () => {
    const refused = tile({ name: 'refused', reason: 'no' });
    expect(moveTile(refused, { name: 'uploading', sent: 0.4 })).toBe(refused);
  });

  it('can be tried again only after a failure of the way, never after a refusal', () => {
    expect(moveTile(tile({ name: 'failed', reason: 'net' }), { name: 'queued' }).state.name).toBe('queued');
    expect(moveTile(tile({ name: 'refused', reason: 'not a photo' }), { name: 'queued' }).state.name).toBe('refused');
  });
});

describe('the set', () => {
  it('shows each photo once, with the local progress while it is sent and the row afterwards', () => {
    const local = tile({ name: 'uploading', sent: 0.5 }, { photoId: 'p1', previewUrl: 'blob:x' });
    const sending = joinTiles(t, [photo('p1', 'uploading')], [local]);
    expect(sending).toHaveLength(1);
    expect(sending[0]?.state).toEqual({ name: 'uploading', sent: 0.5 });
    expect(joinTiles(t, [photo('p1', 'ready')], [local])[0]?.state).toEqual({ name: 'done' });
  });

  it('survives a reload: rows alone make the tiles, an unfinished upload says so', () => {
    const tiles = joinTiles(t, [photo('p1', 'ready'), photo('p2', 'checking'), photo('p3', 'uploading')], []);
    expect(tiles.map((one) => one.state.name)).toEqual(['done', 'verifying', 'failed']);
  });

  it('shows the reason of a refusal', () => {
    const refusal = { code: 'NOT_AN_IMAGE', message: 'Not a photo.' } as const;
    expect(stateOfPhoto(t, photo('p', 'refused', { refusal }))).toEqual({
      name: 'refused',
      reason: 'This file is not a photo we can read. Use JPEG, PNG or WebP.',
    });
  });

  it('counts ready, pending and unusable photos apart', () => {
    const tiles = joinTiles(
      t,
      [photo('a', 'ready'), photo('b', 'refused')],
      [tile({ name: 'checking' }), tile({ name: 'failed', reason: '' }, { key: 'l' })],
    );
    expect(countTiles(tiles)).toEqual({ ready: 1, pending: 1, refused: 2 });
  });

  it('may go on with 5 to 20 ready photos and none on its way, and says why not otherwise', () => {
    expect(setVerdict(t, 5, 0)).toEqual({ ok: true, reason: null });
    expect(setVerdict(t, 4, 0)).toEqual({ ok: false, reason: 'Add 1 more photo to go on.' });
    expect(setVerdict(t, 21, 0).reason).toContain('Remove 1');
    expect(setVerdict(t, 6, 2)).toEqual({ ok: false, reason: '2 photos are still on their way.' });
  });
});
