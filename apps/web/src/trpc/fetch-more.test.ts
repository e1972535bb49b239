import { InfiniteQueryObserver, QueryClient } from '@tanstack/react-query';
import { expect, it } from 'vitest';
import { fetchMore } from './fetch-more';

it('brings the next page also when a refresh of the list comes in between', async () => {
  const client = new QueryClient();
  const queryKey = ['jobs'];
  const asked: number[] = [];
  const observer = new InfiniteQueryObserver(client, {
    queryKey,
    queryFn: async ({ pageParam }) => {
      asked.push(pageParam);
      await new Promise((resolve) => setImmediate(resolve));
      return { page: pageParam };
    },
    initialPageParam: 0,
    getNextPageParam: ({ page }) => page + 1,
  });
  const stop = observer.subscribe(() => undefined);
  await observer.refetch();
  const more = fetchMore(observer.getCurrentResult());
  await client.invalidateQueries({ queryKey });
  await more;
  expect(observer.getCurrentResult().data?.pages).toEqual([{ page: 0 }, { page: 1 }]);
  // The refresh was not given up for it.
  expect(asked.filter((page) => page === 0).length).toBeGreaterThanOrEqual(2);
  stop();
});
