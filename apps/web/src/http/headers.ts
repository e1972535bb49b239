/** Which headers cross the border between the browser and the API. Lists of what may pass, never of what may not. */

import type { Language } from '@pixgen/domain';

const TO_API = [
  'accept',
  'content-type',
  'if-none-match',
  'last-event-id',
  'range',
  'trpc-accept',
  'user-agent',
  'x-forwarded-for',
  'x-request-id',
];
const TO_BROWSER = [
  'accept-ranges',
  'cache-control',
  'content-disposition',
  'content-language',
  'content-range',
  'content-security-policy',
  'content-type',
  'etag',
  'last-modified',
  'location',
  'retry-after',
  'vary',
  'x-content-type-options',
  'x-request-id',
];

/** Headers for the API: the listed ones plus the caller's token and language. Cookies stay here. */
export function headersToApi(from: Headers, token: string | null, language: Language): Headers {
  const headers = pick(from, TO_API);
  // The answer is streamed through as it comes; fetch would unpack it and leave a wrong content-encoding behind.
  headers.set('accept-encoding', 'identity');
  headers.set('accept-language', language);
  if (token) headers.set('authorization', `Bearer ${token}`);
  return headers;
}

/** Headers for the browser: the listed ones; `Set-Cookie` never passes. Streams are marked so that nothing buffers them. */
export function headersToBrowser(from: Headers): Headers {
  const headers = pick(from, TO_BROWSER);
  if (from.get('content-type')?.startsWith('text/event-stream')) {
    headers.set('cache-control', 'no-cache, no-transform');
    headers.set('x-accel-buffering', 'no');
  }
  return headers;
}

function pick(from: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
}
