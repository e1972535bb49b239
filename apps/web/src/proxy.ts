/**
 * Runs before every page: the Content-Security-Policy with its nonce, HSTS, and a detour to the sign-in page for visitors
 * without a session. It is a convenience, never the lock: the API authorises every call.
 */
import { type NextFetchEvent, type NextRequest, NextResponse } from 'next/server';
import { sessionCookieName } from '@/account/session-cookie';
import { env } from '@/env';
import { clerkOrigin, contentSecurityPolicy } from '@/http/csp';
import { signInPath } from '@/http/next-path';

const APP_PAGES = /^\/(home|train|models|studio|packs|generations|gallery|compare|activity|settings|admin)(\/|$)/;
/** Answers that are no pages: the API's own headers apply. */
const NO_PAGE = /^\/(trpc|i|p|s|auth|healthz|readyz|admin\/queues)(\/|$)/;

export default async function proxy(request: NextRequest, event: NextFetchEvent): Promise<Response> {
  if (!isReadable(request.nextUrl.pathname)) return new Response('This address cannot be read.', { status: 400 });
  if (env().AUTH_MODE !== 'clerk') return respond(request, request.cookies.has(sessionCookieName(env().PUBLIC_URL)));
  const { clerkMiddleware } = await import('@clerk/nextjs/server');
  const handler = clerkMiddleware(async (auth, clerkRequest) => respond(clerkRequest, (await auth()).userId !== null), {
    publishableKey: env().CLERK_PUBLISHABLE_KEY ?? '',
    // The secret key is read from the environment by Clerk itself; given here, it would want a key to encrypt it with.
  });
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

/** Bytes that are no text would be a fault of the router further on. */
function isReadable(pathname: string): boolean {
  try {
    decodeURIComponent(pathname);
    return true;
  } catch {
    return false;
  }
}

function respond(request: NextRequest, hasSession: boolean): NextResponse {
  const { pathname, search } = request.nextUrl;
  const https = env().PUBLIC_URL.protocol === 'https:';
  if (NO_PAGE.test(pathname)) return withTls(NextResponse.next(), https);
  if (!hasSession && APP_PAGES.test(pathname)) {
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
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return withTls(response, https);
}

function withTls(response: NextResponse, https: boolean): NextResponse {
  if (https) response.headers.set('strict-transport-security', 'max-age=63072000; includeSubDomains');
  return response;
}

export const config = {
  matcher: ['/((?!_next/static|_next/image|favicon.ico|icon.svg|apple-icon.png|manifest.webmanifest).*)'],
};
