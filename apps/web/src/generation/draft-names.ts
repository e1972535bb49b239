/** Where this browser keeps what was typed into the studio. */
const PREFIX = 'pixgen-draft:';

export function draftName(accountId: string): string {
  return PREFIX + accountId;
}

/** What anybody typed here, their prompts among it, is nothing for whoever comes next. @param storage for tests */
export function forgetDrafts(storage?: Storage): void {
  try {
    const kept = storage ?? localStorage;
    for (const name of Object.keys(kept)) if (name.startsWith(PREFIX)) kept.removeItem(name);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}
