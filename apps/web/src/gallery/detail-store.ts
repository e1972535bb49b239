/** What is known of single pictures, fetched for those on the screen and forgotten when many others were seen since. */
import { type ImageView, LIMITS } from '@pixgen/domain';

/** Some forty screens. */
const KEPT = 1_500;
/** Pictures that come into sight in one moment share a call. */
const GATHER_MS = 30;
const RETRY_MS = 3_000;

export type DetailStore = ReturnType<typeof createDetailStore>;

/** @param fetchImages answers for those that exist; what it throws is tried again while anybody still wants it */
export function createDetailStore(fetchImages: (ids: string[]) => Promise<readonly ImageView[]>, kept = KEPT) {
  const known = new Map<string, ImageView>();
  const listeners = new Set<() => void>();
  const underWay = new Set<string>();
  let wanted: readonly string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    for (const listener of listeners) listener();
  };

  function put(images: readonly ImageView[]): void {
    for (const image of images) {
      // Last in the map is last forgotten.
      known.delete(image.id);
      known.set(image.id, image);
    }
    const needed = new Set(wanted);
    for (const id of known.keys()) {
      if (known.size <= kept) break;
      if (!needed.has(id)) known.delete(id);
    }
    tell();
  }

  async function fetchMissing(): Promise<void> {
    timer = undefined;
    const ids = wanted.filter((id) => !known.has(id) && !underWay.has(id)).slice(0, LIMITS.page.max);
    if (ids.length === 0) return;
    for (const id of ids) underWay.add(id);
    try {
      put(await fetchImages(ids));
    } catch {
      timer ??= setTimeout(() => void fetchMissing(), RETRY_MS);
    } finally {
      for (const id of ids) underWay.delete(id);
    }
  }

  return {
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get: (id: string): ImageView | null => known.get(id) ?? null,
    size: () => known.size,
    put,
    /** Changes what is known of a picture, if anything is. */
    patch(id: string, change: Partial<ImageView>): void {
      const image = known.get(id);
      if (!image) return;
      known.set(id, { ...image, ...change });
      tell();
    },
    /**
     * These are on the screen now, or about to be; earlier wishes that were not met are dropped.
     * @param around fetched along with them, best first, once one of them is missing: scrolling then asks now and then, for many
     */
    want(ids: readonly string[], around: readonly string[] = ids): void {
      wanted = around;
      if (timer === undefined && ids.some((id) => !known.has(id)))
        timer = setTimeout(() => void fetchMissing(), GATHER_MS);
    },
  };
}
