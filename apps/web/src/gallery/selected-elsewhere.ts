/** A picture that was selected on its own page: the gallery begins with it. Kept in this tab until then. */
const STORAGE = 'pixgen-select';

export function leaveSelected(id: string): void {
  try {
    sessionStorage.setItem(STORAGE, id);
  } catch {}
}

export function takeSelected(): string | null {
  try {
    const id = sessionStorage.getItem(STORAGE);
    sessionStorage.removeItem(STORAGE);
    return id;
  } catch {
    return null;
  }
}
