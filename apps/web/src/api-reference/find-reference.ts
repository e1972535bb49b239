import 'server-only';
import { headers } from 'next/headers';
import { env } from '@/env';
import { DOCUMENT } from './address';
import { type Reference, readReference } from './document';

/** `away`: no answer; `refused`: an answer without the document; `unreadable`: one that is none. */
export type Missing = { why: 'away' | 'unreadable' } | { why: 'refused'; status: number };

/** The document of the API, as the visitor's address may have it; nobody has to be signed in. */
export async function findReference(): Promise<Reference | Missing> {
  const address = (await headers()).get('x-forwarded-for');
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(new URL(DOCUMENT, env().API_URL), {
      headers: { accept: 'application/json', ...(address && { 'x-forwarded-for': address }) },
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    });
    text = await answer.text();
  } catch {
    return { why: 'away' };
  }
  if (!answer.ok) return { why: 'refused', status: answer.status };
  return readReference(parse(text)) ?? { why: 'unreadable' };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
