import { cookies } from 'next/headers';
import { sessionToken } from '@/account/session';
import { sessionCookieName } from '@/account/session-cookie';
import { env } from '@/env';
import { refusal } from '@/http/forward';
import { headersToApi } from '@/http/headers';
import { isOwnOrigin } from '@/http/origin';
import { requestLanguage } from '@/language/request-locale';

/** Ends the session at the API and forgets the cookie even when the API is away. */
export async function POST(request: Request): Promise<Response> {
  if (!isOwnOrigin(request, env().PUBLIC_URL)) return refusal('FORBIDDEN');
  const token = await sessionToken();
  if (token && env().AUTH_MODE === 'local') {
    const headers = headersToApi(request.headers, token, await requestLanguage());
    headers.delete('content-type');
    const init = { method: 'POST', headers, cache: 'no-store', redirect: 'error' } as const;
    await fetch(new URL('/auth/local/sign-out', env().API_URL), init).catch(() => null);
  }
  // A prefixed cookie can only be taken back the way it was set.
  const secure = env().PUBLIC_URL.protocol === 'https:';
  (await cookies()).delete({ name: sessionCookieName(env().PUBLIC_URL), path: '/', secure });
  // Pictures are kept by browsers for a year: whoever sits here next finds none. Not "storage": it would take along how the
  // page should look, and the code of a receipt that is about to be shown.
  return new Response(null, { status: 204, headers: { 'clear-site-data': '"cache"' } });
}
