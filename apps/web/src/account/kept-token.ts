/** The token of a one-time link, kept in this tab until it is used. One per page: a link sets up, or sets a password. */

const PREFIX = 'pixgen-link:';
const name = () => PREFIX + window.location.pathname;

/** @returns an empty text when there is none, or no storage (private windows) */
export function keptToken(): string {
  try {
    return sessionStorage.getItem(name()) ?? '';
  } catch {
    return '';
  }
}

export function keepToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(name());
    else sessionStorage.setItem(name(), token);
  } catch {}
}
