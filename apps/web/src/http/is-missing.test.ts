import { describe, expect, it } from 'vitest';
import { isMissing } from './is-missing';

const ID = '0196f2a4-0000-7000-8000-000000000001';

async function asked(pathname: string, status = 200): Promise<{ paths: string[]; missing: boolean }> {
  const paths: string[] = [];
  const missing = await isMissing(pathname, async (path) => {
    paths.push(path);
    return new Response('{}', { status });
  });
  return { paths, missing };
}

describe('whether what an address names is missing', () => {
  it.each([
    [`/models/${ID}`, `/trpc/models.get?input=${encodeURIComponent(`{"id":"${ID}"}`)}`],
    [`/train/${ID}/photos`, `/trpc/models.get?input=${encodeURIComponent(`{"id":"${ID}"}`)}`],
    ['/packs/fantasy%20x', `/trpc/packs.get?input=${encodeURIComponent('{"slug":"fantasy x"}')}`],
    ['/admin/reports', '/trpc/admin.reports.clock'],
  ])('%s is asked for once, and missing when the API knows none', async (pathname, path) => {
    expect(await asked(pathname)).toEqual({ paths: [path], missing: false });
    expect(await asked(pathname, 404)).toEqual({ paths: [path], missing: true });
    expect(await asked(pathname, 400)).toEqual({ paths: [path], missing: true });
  });

  it.each([401, 403, 429, 500, 503])('an answer of %i leaves it to the page', async (status) => {
    expect((await asked(`/gallery/${ID}`, status)).missing).toBe(false);
  });

  it('an API that is away leaves it to the page', async () => {
    expect(await isMissing(`/activity/${ID}`, () => Promise.reject(new Error('away')))).toBe(false);
  });

  it.each(['/', '/home', '/models', '/gallery', '/train', '/administration', '/sign-in'])(
    '%s costs no call',
    async (pathname) => {
      expect(await asked(pathname, 404)).toEqual({ paths: [], missing: false });
    },
  );
});
