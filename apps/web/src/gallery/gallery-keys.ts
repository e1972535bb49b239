/** What the keys do above the tiles of the gallery. People find them listed in `keys/registry.ts`. */
import type { KeyboardEvent } from 'react';
import { meantKey } from '@/keys/meant-key';
import { isTyping } from './keys';

type KeyActs = {
  undo: () => void;
  selectAll: () => void;
  stopSelecting: () => void;
  open: (id: string) => void;
  openWithRecipe: (id: string) => void;
  select: (id: string) => void;
  /** Of the selection where there is one, else of the picture. */
  remove: (id: string) => void;
  download: (id: string) => void;
  compare: (id: string) => void;
  remix: (id: string) => void;
  favourite: (id: string) => void;
  rate: (id: string, rating: number) => void;
};
type KeyState = { active: string | null; selecting: boolean; trash: boolean };

/** Does what the key means, and nothing while somebody types. */
export function handleKey(event: KeyboardEvent, state: KeyState, acts: KeyActs): void {
  if (isTyping(event.target) || event.altKey) return;
  const onTile = event.target instanceof HTMLElement && event.target.hasAttribute('data-tile');
  const act = event.ctrlKey || event.metaKey ? withControl(event.key, acts) : single(event.key, onTile, state, acts);
  if (!act) return;
  event.preventDefault();
  act();
}

function withControl(key: string, acts: KeyActs): (() => void) | null {
  if (key === 'z') return acts.undo;
  if (key === 'a') return acts.selectAll;
  return null;
}

function single(pressed: string, onTile: boolean, state: KeyState, acts: KeyActs): (() => void) | null {
  const { active, selecting, trash } = state;
  if (pressed === 'Escape' && selecting) return acts.stopSelecting;
  const key = meantKey(pressed);
  if (!active || key === null) return null;
  // On the buttons of a tile it presses them.
  if (key === ' ') return onTile ? () => acts.open(active) : null;
  if (key === 'x') return () => acts.select(active);
  if (key === 'Delete' || key === 'Backspace') return () => acts.remove(active);
  if (key === 'd') return () => acts.download(active);
  if (key === 'c') return () => acts.compare(active);
  if (key === 'i') return () => acts.openWithRecipe(active);
  if (trash) return null;
  if (key === 'r') return () => acts.remix(active);
  if (key === 'f') return () => acts.favourite(active);
  if (/^[0-5]$/.test(key)) return () => acts.rate(active, Number(key));
  return null;
}
