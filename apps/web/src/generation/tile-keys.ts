/** What a single key does with the picture that has the focus. */
import type { ImageView } from '@pixgen/domain';

export type KeyedActs = {
  favourite: (image: ImageView) => void;
  rate: (image: ImageView, rating: number | null) => void;
  remix: (image: ImageView) => void;
  compare: (image: ImageView) => void;
  download: (image: ImageView) => void;
  choose: (image: ImageView) => void;
};

/** @returns null when the key means nothing here; 0, or the rating that it has, takes a rating away */
export function tileAct(key: string, image: ImageView, acts: KeyedActs): (() => void) | null {
  const named: Record<string, keyof Omit<KeyedActs, 'rate'>> = {
    f: 'favourite',
    r: 'remix',
    c: 'compare',
    d: 'download',
    x: 'choose',
  };
  const name = Object.hasOwn(named, key) ? named[key] : undefined;
  if (name) return () => acts[name](image);
  if (!/^[0-5]$/.test(key)) return null;
  const rating = Number(key);
  return () => acts.rate(image, rating === 0 || rating === image.rating ? null : rating);
}

/** Two that were chosen, else this one and the next of its order (for the last one, the one before); null: there is none. */
export function comparisonPath(images: readonly ImageView[], chosen: ReadonlySet<string>, id: string): string | null {
  const ready = images.filter(({ state }) => state === 'ready').map((image) => image.id);
  const picked = ready.filter((one) => chosen.has(one));
  if (picked.length >= 2) return `/compare?a=${picked[0]}&b=${picked[1]}`;
  const at = ready.indexOf(id);
  const other = picked.find((one) => one !== id) ?? ready[at + 1] ?? ready[at - 1];
  return at >= 0 && other ? `/compare?a=${id}&b=${other}` : null;
}
