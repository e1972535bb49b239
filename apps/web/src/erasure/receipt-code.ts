/** The code that opens an erasure's receipt: kept for this tab only, and never in an address. */
const NAME = 'pixgen-erasure';

export function keepReceiptCode(code: string): void {
  sessionStorage.setItem(NAME, code);
}

export function readReceiptCode(): string | null {
  return sessionStorage.getItem(NAME);
}
