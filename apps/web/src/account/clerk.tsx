'use client';

/** Clerk's parts, each fetched when it is drawn: mode `local` never draws one, so its visitors never load them. */
import dynamic from 'next/dynamic';

export const ClerkShell = dynamic(() => import('./clerk-parts').then((parts) => parts.ClerkShell));
export const ClerkSignIn = dynamic(() => import('./clerk-parts').then((parts) => parts.ClerkSignIn));
export const ClerkSignUp = dynamic(() => import('./clerk-parts').then((parts) => parts.ClerkSignUp));
