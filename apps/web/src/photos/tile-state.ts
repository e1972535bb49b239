/**
 * The states of a photo's tile, from the moment it is dropped to the server's verdict:
 * `queued → checking → uploading → verifying → done | refused | failed`. Refused = the photo does not serve and says why;
 * failed = the way broke down and can be tried again.
 */
import { LIMITS, type PhotoView } from '@pixgen/domain';
import type { PhotoWarning } from '@pixgen/domain/photo-check';
import type { Words } from '@/language/messages';
import { refusalWords } from './verdict-words';

export type TileState =
  | { name: 'queued' }
  | { name: 'checking' }
  | { name: 'uploading'; sent: number }
  | { name: 'verifying' }
  | { name: 'done' }
  | { name: 'refused'; reason: string }
  | { name: 'failed'; reason: string };

/** One local file on its way. `photoId` is known from `uploading` on; from then on the server's row is the truth. */
export type Tile = {
  key: string;
  fileName: string;
  previewUrl: string | null;
  photoId: string | null;
  /** What could be better, as the browser's check found it. */
  warnings: readonly PhotoWarning[];
  state: TileState;
};

const NEXT: Record<TileState['name'], readonly TileState['name'][]> = {
  queued: ['checking', 'refused'],
  checking: ['uploading', 'refused', 'failed'],
  uploading: ['uploading', 'verifying', 'refused', 'failed'],
  verifying: ['done', 'refused', 'failed'],
  done: [],
  refused: [],
  failed: ['queued'],
};

/** A file as it comes in. What comes when the set is full waits for room, and can be tried again then. */
export function newTile(t: Words<'photos'>, key: string, fileName: string, hasRoom: boolean): Tile {
  const state: TileState = hasRoom
    ? { name: 'queued' }
    : { name: 'failed', reason: t('full', { max: LIMITS.photos.max }) };
  return { key, fileName, previewUrl: null, photoId: null, warnings: [], state };
}

export type TileChange = Partial<Pick<Tile, 'photoId' | 'previewUrl' | 'warnings'>>;

/** The tile in its next state, or unchanged when the table does not allow the move (a late progress event, say). */
export function moveTile(tile: Tile, to: TileState, change: TileChange = {}): Tile {
  return NEXT[tile.state.name].includes(to.name) ? { ...tile, ...change, state: to } : tile;
}

/** A server row as a tile's state; also after a reload, when the file itself is gone. */
export function stateOfPhoto(t: Words<'photos'>, photo: PhotoView): TileState {
  if (photo.state === 'ready') return { name: 'done' };
  if (photo.state === 'refused')
    return { name: 'refused', reason: photo.refusal ? refusalWords(t, photo.refusal.code) : t('refusedPlain') };
  if (photo.state === 'checking') return { name: 'verifying' };
  return { name: 'failed', reason: t('interrupted') };
}

export type ShownTile = {
  key: string;
  fileName: string;
  photo: PhotoView | null;
  previewUrl: string | null;
  /** Sentences. */
  warnings: readonly string[];
  state: TileState;
};

/**
 * Server rows joined with local files on their way: one tile per photo, in the order of arrival. While a file is being
 * sent the local state is finer; after that the row decides.
 */
export function joinTiles(t: Words<'photos'>, photos: readonly PhotoView[], locals: readonly Tile[]): ShownTile[] {
  const localOf = new Map(locals.flatMap((tile) => (tile.photoId ? [[tile.photoId, tile] as const] : [])));
  const rows = photos.map((photo): ShownTile => {
    const local = localOf.get(photo.id);
    const sending = local && photo.state === 'uploading' && local.state.name !== 'done';
    return {
      key: local?.key ?? photo.id,
      fileName: photo.fileName,
      photo,
      previewUrl: local?.previewUrl ?? null,
      warnings:
        photo.state === 'ready'
          ? sentences(
              t,
              photo.warnings.map(({ code }) => code),
            )
          : sentences(t, local?.warnings),
      state: sending ? local.state : stateOfPhoto(t, photo),
    };
  });
  const known = new Set(photos.map((photo) => photo.id));
  const fresh = locals.filter((tile) => !tile.photoId || !known.has(tile.photoId));
  return [...rows, ...fresh.map((tile) => ({ ...tile, photo: null, warnings: sentences(t, tile.warnings) }))];
}

function sentences(t: Words<'photos'>, warnings: readonly PhotoWarning[] = []): string[] {
  return warnings.map((warning) => t(`hints.${warning}`));
}

/** Photos that count towards the set: ready ones and those still on their way. */
export function countTiles(tiles: readonly ShownTile[]): { ready: number; pending: number; refused: number } {
  const count = (names: readonly TileState['name'][]) => tiles.filter((tile) => names.includes(tile.state.name)).length;
  return {
    ready: count(['done']),
    pending: count(['queued', 'checking', 'uploading', 'verifying']),
    refused: count(['refused', 'failed']),
  };
}

/** Whether the set may go on to training, and if not, why. */
export function setVerdict(t: Words<'photos'>, ready: number, pending: number): { ok: boolean; reason: string | null } {
  const { min, max } = LIMITS.photos;
  if (pending > 0) return { ok: false, reason: t('pending', { count: pending }) };
  if (ready < min) return { ok: false, reason: t('tooFew', { count: min - ready }) };
  if (ready > max) return { ok: false, reason: t('tooMany', { count: ready - max, max }) };
  return { ok: true, reason: null };
}
