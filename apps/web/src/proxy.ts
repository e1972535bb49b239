/**
 * Runs before every page: the Content-Security-Policy with its nonce, HSTS, and a detour to the sign-in page for visitors
 * without a session. It is a convenience, never the lock: the API authorises every call.
 */
import { type NextFetchEvent, type NextRequest, NextResponse } from 'next/server';
import { sessionCookieName } from '@/account/session-cookie';
import { DOCUMENT, REFERENCE } from '@/api-reference/address';
import { env } from '@/env';
import { clerkOrigin, contentSecurityPolicy } from '@/http/csp';
import { isMissing } from '@/http/is-missing';
import { signInPath } from '@/http/next-path';
import { isOwnHost } from '@/http/origin';

const APP_PAGES =
  /^\/(home|train|models|studio|packs|generations|gallery|compare|activity|settings|admin|suspended)(\/|$)/;
/** For a right status nobody waits longer: the page asks again. */
const PATIENCE_MS = 2_000;
/** Answers that are no pages: the API's own headers apply. */
const NO_PAGE = /^\/(trpc|i|p|s|auth|healthz|readyz|admin\/queues)(\/|$)/;

/** Whoever runs this probes it by whatever address is at hand. */
const PROBES = /^\/(healthz|readyz)$/;

export default async function proxy(request: NextRequest, event: NextFetchEvent): Promise<Response> {
  if (!isOwnHost(request.headers, env().PUBLIC_URL) && !PROBES.test(request.nextUrl.pathname)) return tellOwnHost();
  if (!isReadable(request.nextUrl.pathname)) return new Response('This address cannot be read.', { status: 400 });
  if (env().AUTH_MODE !== 'clerk')
    return respond(request, request.cookies.get(sessionCookieName(env().PUBLIC_URL))?.value ?? null);
  const { clerkMiddleware } = await import('@clerk/nextjs/server');
  const handler = clerkMiddleware(
    async (auth, clerkRequest) => respond(clerkRequest, await (await auth()).getToken()),
    {
      publishableKey: env().CLERK_PUBLISHABLE_KEY ?? '',
      // The secret key is read from the environment by Clerk itself; given here, it would want a key to encrypt it with.
    },
  );
  return goOn((await handler(request, event)) ?? NextResponse.next());
}

/**
 * Clerk writes "go on" as a rewrite to the request's own address. Next spells that address with another host than the one it
 * listens on when that is 127.0.0.1, takes it for a foreign server and asks itself over the network, again and again.
 * This app rewrites nothing itself.
 */
function goOn(response: Response): Response {
  if (!response.headers.has('x-middleware-rewrite')) return response;
  response.headers.delete('x-middleware-rewrite');
  response.headers.set('x-middleware-next', '1');
  return response;
}

/** For a person who typed another name of this machine, and for an operator whose proxy does not pass the name on. */
function tellOwnHost(): Response {
  const { origin } = env().PUBLIC_URL;
  const text = `PixGen is at ${origin}. It was asked for by another name.\nOperators: PUBLIC_URL is the address that people type, and a proxy passes the Host header on as it came.`;
  return new Response(text, {
    status: 421,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });
}

/** Bytes that are no text would be a fault of the router further on. */
function isReadable(pathname: string): boolean {
  try {
    decodeURIComponent(pathname);
    return true;
  } catch {
    return false;
  }
}

/** @param token of the person's session; null without one */
async function respond(request: NextRequest, token: string | null): Promise<NextResponse> {
  const { pathname, search } = request.nextUrl;
  const https = env().PUBLIC_URL.protocol === 'https:';
  if (NO_PAGE.test(pathname)) return withTls(NextResponse.next(), https);
  if (token === null && APP_PAGES.test(pathname)) {
    return NextResponse.redirect(new URL(signInPath(pathname + search), env().PUBLIC_URL));
  }
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));
  const policy = contentSecurityPolicy({
    nonce,
    https,
    uploadOrigin: env().UPLOAD_ORIGIN.origin,
    clerkOrigin: env().AUTH_MODE === 'clerk' ? clerkOrigin(env().CLERK_PUBLISHABLE_KEY) : null,
    dev: process.env.NODE_ENV === 'development',
  });
  const headers = new Headers(request.headers);
  headers.set('x-nonce', nonce);
  headers.set('x-path', pathname + search);
  headers.set('content-security-policy', policy);
  const status = await findStatus(pathname, token, request);
  const response = NextResponse.next({ request: { headers }, ...(status !== null && { status }) });
  if (status === 503) response.headers.set('retry-after', '5');
  response.headers.set('content-security-policy', policy);
  return withTls(response, https);
}

/** The status of a page that will have to say that something is not there; null for 200. */
async function findStatus(pathname: string, token: string | null, request: NextRequest): Promise<404 | 503 | null> {
  if (!isDocument(request)) return null;
  if (pathname === REFERENCE) {
    const answer = await askApi(DOCUMENT, null, request, 'HEAD').catch(() => null);
    return answer?.ok ? null : 503;
  }
  if (token === null) return null;
  return (await isMissing(pathname, (path) => askApi(path, token, request))) ? 404 : null;
}

/** A browser that opens an address, or a program; not a script of the page that is already there. */
function isDocument({ headers }: NextRequest): boolean {
  return (headers.get('sec-fetch-dest') ?? 'document') === 'document';
}

function askApi(path: string, token: string | null, { headers }: NextRequest, method = 'GET'): Promise<Response> {
  const address = headers.get('x-forwarded-for');
  return fetch(new URL(path, env().API_URL), {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(address && { 'x-forwarded-for': address }),
    },
    cache: 'no-store',
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

function withTls(response: NextResponse, https: boolean): NextResponse {
  if (https) response.headers.set('strict-transport-security', 'max-age=63072000; includeSubDomains');
  return response;
}

export const config = {
  matcher: ['/((?!_next/static|_next/image|favicon.ico|icon.svg|apple-icon.png|manifest.webmanifest).*)'],
};
