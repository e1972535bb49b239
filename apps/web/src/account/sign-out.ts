import { forgetDrafts } from '@/generation/draft-names';
import { KEPT_DATABASE } from '@/photos/kept-database';

/** Ends the session and leaves; the whole page goes, so that nothing fetched for this person stays in memory. @param to the next page */
export async function signOut(to = '/'): Promise<void> {
  const clerk = 'Clerk' in window ? (window.Clerk as { signOut?: () => Promise<void> }) : null;
  await clerk?.signOut?.();
  await fetch('/auth/sign-out', { method: 'POST' }).catch(() => null);
  // Photos that were on their way and prompts that were not sent wait in this browser; they are this person's.
  indexedDB.deleteDatabase(KEPT_DATABASE);
  forgetDrafts();
  window.location.assign(to);
}
