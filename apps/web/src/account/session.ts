/** The caller's session token, on the server only. It never reaches the browser's scripts. */
import 'server-only';
import { cookies } from 'next/headers';
import { env } from '@/env';
import { sessionCookieName } from './session-cookie';

/** @returns the bearer token for the API, or null for a signed-out visitor */
export async function sessionToken(): Promise<string | null> {
  if (env().AUTH_MODE === 'clerk') {
    // Loaded only in this mode: without keys Clerk refuses to run.
    const { auth } = await import('@clerk/nextjs/server');
    return await (await auth()).getToken();
  }
  return (await cookies()).get(sessionCookieName(env().PUBLIC_URL))?.value ?? null;
}

/** Host-only and out of reach of scripts; Secure as soon as the public address is https. */
export function sessionCookie(expires: Date) {
  return {
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    secure: env().PUBLIC_URL.protocol === 'https:',
    expires,
  } as const;
}
