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
