/** Passwords on their way to our identity handlers, and what these say. */

export type CredentialFailure = { message: string; fields: Record<string, string> };
export type CredentialPath = `/auth/${'sign-in' | 'sign-up' | 'set-up' | 'set-password' | 'change-password'}`;

/** @returns null when nobody answered in words */
export async function postCredentials(
  path: CredentialPath,
  body: Record<string, FormDataEntryValue>,
): Promise<CredentialFailure | 'done' | null> {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (answer?.ok) return 'done';
  const refusal: unknown = await answer?.json().catch(() => null);
  return readRefusal(refusal);
}

/** The API's `{ error: { message, fields } }` as the form shows it; null for anything else. */
function readRefusal(body: unknown): CredentialFailure | null {
  const { error } = (body ?? {}) as { error?: { message?: unknown; fields?: unknown } };
  if (typeof error?.message !== 'string') return null;
  const issues: { path: string; message: string }[] = Array.isArray(error.fields) ? error.fields : [];
  return { message: error.message, fields: Object.fromEntries(issues.map((issue) => [issue.path, issue.message])) };
}
