/** Passes a browser's request on to the API with the caller's token, and the answer back as it comes. */
import { ERROR_CODES } from '@pixgen/domain';
import { getTranslations } from 'next-intl/server';
import { sessionToken } from '@/account/session';
import { env } from '@/env';
import { requestLanguage } from '@/language/request-locale';
import { readBody } from './body';
import { headersToApi, headersToBrowser } from './headers';
import { isOwnOrigin } from './origin';

/** Calls are small: the largest carries 500 ids. Photos go to the object store, not through here. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * @param request the browser's request; its path and query are used as they are
 * @returns the API's answer, streamed; 403 for a foreign origin, 413 for a large body, 503 when the API is away
 */
export async function forwardToApi(request: Request): Promise<Response> {
  if (!isOwnOrigin(request, env().PUBLIC_URL)) return refusal('FORBIDDEN');
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === 'too-large') return refusal('BODY_TOO_LARGE');
  const { pathname, search } = new URL(request.url);
  try {
    const answer = await fetch(new URL(pathname + search, env().API_URL), {
      method: request.method,
      headers: headersToApi(request.headers, await sessionToken(), await requestLanguage()),
      body,
      redirect: 'manual',
      cache: 'no-store',
      // Leaving the page ends the stream at the API too.
      signal: request.signal,
    });
    return new Response(answer.body, { status: answer.status, headers: headersToBrowser(answer.headers) });
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 });
    if (error instanceof Error) return refusal('UNAVAILABLE');
    throw error;
  }
}

/** An error of this app's own, in the API's shape. */
export async function refusal(code: 'FORBIDDEN' | 'NOT_FOUND' | 'BODY_TOO_LARGE' | 'UNAVAILABLE'): Promise<Response> {
  const t = await getTranslations('refusals');
  const message = {
    FORBIDDEN: t('fromAnotherSite'),
    NOT_FOUND: t('nothingHere'),
    BODY_TOO_LARGE: t('tooLarge'),
    UNAVAILABLE: t('away'),
  }[code];
  const headers = code === 'UNAVAILABLE' ? { 'retry-after': '5' } : {};
  return Response.json({ error: { code, message, fields: [] } }, { status: ERROR_CODES[code].status, headers });
}
