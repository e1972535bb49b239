'use client';

/** Clerk's parts, each fetched when it is drawn: mode `local` never draws one, so its visitors never load them. */
import { lazy } from 'react';

// Not next/dynamic: two kilobytes of it would come with every page, for what only one mode draws.
export const ClerkShell = lazy(async () => ({ default: (await import('./clerk-parts')).ClerkShell }));
export const ClerkSignIn = lazy(async () => ({ default: (await import('./clerk-parts')).ClerkSignIn }));
export const ClerkSignUp = lazy(async () => ({ default: (await import('./clerk-parts')).ClerkSignUp }));
