/** Which pictures are selected: some by name, or all that match but for some. Pure. */
import { type ImageFilterInput, type ImageFrame, type ImageSelection, LIMITS } from '@pixgen/domain';

export type Selection = { all: boolean /** Selected, or with `all` left out. */; ids: ReadonlySet<string> };

export const NOTHING: Selection = { all: false, ids: new Set() };
export const EVERYTHING: Selection = { all: true, ids: new Set() };

export const isSelected = (selection: Selection, id: string): boolean => selection.all !== selection.ids.has(id);

export function countSelected(selection: Selection, total: number): number {
  return selection.all ? Math.max(total - selection.ids.size, 0) : selection.ids.size;
}

export function set(selection: Selection, ids: readonly string[], selected: boolean): Selection {
  const next = new Set(selection.ids);
  for (const id of ids) {
    if (selected !== selection.all) next.add(id);
    else next.delete(id);
  }
  return { all: selection.all, ids: next };
}

export function toggle(selection: Selection, id: string): Selection {
  return set(selection, [id], !isSelected(selection, id));
}

/** Everything between two pictures, both included, becomes what the first one is. */
export function range(selection: Selection, frames: readonly ImageFrame[], from: string, to: string): Selection {
  const at = (id: string) => frames.findIndex((frame) => frame[0] === id);
  const [start, end] = [at(from), at(to)].toSorted((a, b) => a - b) as [number, number];
  if (start < 0) return toggle(selection, to);
  const ids = frames.slice(start, end + 1).map(([id]) => id);
  return set(selection, ids, isSelected(selection, from));
}

/** As the API takes it; null when too many are named one by one. */
export function toInput(selection: Selection, matching: ImageFilterInput, madeBefore: string): ImageSelection | null {
  const ids = [...selection.ids];
  if (ids.length > LIMITS.selection.max) return null;
  return selection.all ? { matching, except: ids, madeBefore } : { ids };
}
