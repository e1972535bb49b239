/** Whether what an address names is not there for the person who asks: asked before the page, whose status is then right. */

/** The call that says so, and what of the address it is given. */
const THINGS: readonly [address: RegExp, procedure: string, input: 'id' | 'slug' | null][] = [
  [/^\/(?:models|train)\/([^/]+)/, 'models.get', 'id'],
  [/^\/generations\/([^/]+)$/, 'generation.get', 'id'],
  [/^\/gallery\/([^/]+)$/, 'images.get', 'id'],
  [/^\/activity\/([^/]+)$/, 'jobs.get', 'id'],
  [/^\/packs\/([^/]+)$/, 'packs.get', 'slug'],
  // To everybody but administrators nothing is there.
  [/^\/admin(?:\/|$)/, 'admin.reports.clock', null],
];

/**
 * Next sends the shell of a page with a `loading.tsx`, and with it the status 200, before the page knows what it cannot show
 * (vercel/next.js#45801). So the proxy asks first, for documents alone: what scripts fetch is judged by its content.
 *
 * @param ask calls the API as the person, with a path below its address
 * @returns false also when the API does not answer: the page has words for that
 */
export async function isMissing(pathname: string, ask: (path: string) => Promise<Response>): Promise<boolean> {
  for (const [address, procedure, name] of THINGS) {
    const found = address.exec(pathname);
    if (!found) continue;
    const input = name && encodeURIComponent(JSON.stringify({ [name]: decodeURIComponent(found[1] ?? '') }));
    const answer = await ask(`/trpc/${procedure}${input === null ? '' : `?input=${input}`}`).catch(() => null);
    // Nobody reads the answer; unread it would hold its connection.
    await answer?.body?.cancel();
    // A name that cannot be one of ours is refused as input.
    return answer?.status === 404 || answer?.status === 400;
  }
  return false;
}
