/** The handlers behind the forms that ask for a password: credentials to the API, its token into the cookie. */
import 'server-only';
import { sessionAnswer } from '@pixgen/domain';
import { cookies } from 'next/headers';
import { env } from '@/env';
import { readBody } from '@/http/body';
import { refusal } from '@/http/forward';
import { headersToApi, headersToBrowser } from '@/http/headers';
import { isOwnOrigin } from '@/http/origin';
import { requestLanguage } from '@/language/request-locale';
import { sessionCookie } from './session';
import { sessionCookieName } from './session-cookie';

const MAX_BODY_BYTES = 8 * 1024;

/**
 * @param path the API's endpoint, e.g. `/auth/local/sign-in`
 * @param token of the caller's session, where the endpoint asks for one
 * @returns 204 with the cookie set, or the API's refusal as it came
 */
export async function exchangeForCookie(
  request: Request,
  path: `/auth/local/${string}`,
  token: string | null = null,
): Promise<Response> {
  if (!isOwnOrigin(request, env().PUBLIC_URL)) return refusal('FORBIDDEN');
  if (env().AUTH_MODE !== 'local') return refusal('NOT_FOUND');
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === 'too-large') return refusal('BODY_TOO_LARGE');
  const answer = await fetch(new URL(path, env().API_URL), {
    method: 'POST',
    headers: headersToApi(request.headers, token, await requestLanguage()),
    body,
    cache: 'no-store',
    // A password goes where it was meant to go, or nowhere.
    redirect: 'error',
    signal: request.signal,
  }).catch(() => null);
  if (!answer) return refusal('UNAVAILABLE');
  if (!answer.ok)
    return new Response(answer.body, { status: answer.status, headers: headersToBrowser(answer.headers) });
  const session = sessionAnswer.parse(await answer.json());
  (await cookies()).set(sessionCookieName(env().PUBLIC_URL), session.token, sessionCookie(new Date(session.expiresAt)));
  return new Response(null, { status: 204 });
}
