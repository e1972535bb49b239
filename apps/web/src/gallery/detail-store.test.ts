import type { ImageView } from '@pixgen/domain';
import { describe, expect, it, vi } from 'vitest';
import { createDetailStore } from './detail-store';

const image = (id: string) => ({ id, favourite: false }) as ImageView;

describe('the store of details', () => {
  it('asks once for what is on the screen, and keeps a bounded number of what was', async () => {
    const fetchImages = vi.fn(async (ids: string[]) => ids.map(image));
    const store = createDetailStore(fetchImages, 10);
    for (let screen = 0; screen < 20; screen += 1) {
      const ids = Array.from({ length: 8 }, (_, at) => `${screen}-${at}`);
      store.want(ids);
      store.want(ids);
      await vi.waitFor(() => expect(store.get(`${screen}-7`)).not.toBeNull());
      expect(ids.every((id) => store.get(id) !== null)).toBe(true);
      expect(store.size()).toBeLessThanOrEqual(10);
    }
    expect(fetchImages).toHaveBeenCalledTimes(20);
  });

  it('fetches what lies around along with what is needed, and asks for nothing that is far', async () => {
    const fetchImages = vi.fn(async (ids: string[]) => ids.map(image));
    const store = createDetailStore(fetchImages);
    const ids = Array.from({ length: 400 }, (_, at) => `${at}`);
    for (let first = 0; first < 300; first += 5) {
      const needed = ids.slice(first, first + 20);
      store.want(needed, ids.slice(first, first + 80));
      await vi.waitFor(() => expect(needed.every((id) => store.get(id) !== null)).toBe(true));
    }
    // One call for some sixty, not one for each step.
    expect(fetchImages.mock.calls.length).toBeLessThanOrEqual(6);
    expect(store.get('399')).toBeNull();
  });

  it('tries again after a failed call', async () => {
    vi.useFakeTimers();
    const fetchImages = vi.fn(async (ids: string[]) => ids.map(image)).mockRejectedValueOnce(new Error('away'));
    const store = createDetailStore(fetchImages);
    store.want(['a']);
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    expect(store.get('a')).not.toBeNull();
    store.patch('a', { favourite: true });
    expect(store.get('a')?.favourite).toBe(true);
  });
});
