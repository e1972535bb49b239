import { expect, it } from 'vitest';
import { createCollector } from './batch.ts';

it('a collector keeps what could not be written, tries it again, and tells nobody when that worked', async () => {
  const written: number[][] = [];
  const errors: Error[] = [];
  let failures = 2;
  const collector = createCollector<number>(
    async (items) => {
      if (failures > 0) {
        failures -= 1;
        throw new Error('deadlock detected');
      }
      written.push(items);
    },
    { afterMs: 1, onError: (error) => errors.push(error) },
  );
  collector.add(1);
  collector.add(2);
  await collector.flush();
  expect({ written, errors }).toEqual({ written: [[1, 2]], errors: [] });
});

it('a collector gives up in the end, and says why', async () => {
  const errors: string[] = [];
  const collector = createCollector<number>(() => Promise.reject(new Error('the database is away')), {
    afterMs: 0,
    onError: ({ message }) => errors.push(message),
  });
  collector.add(1);
  await collector.flush();
  expect(errors).toEqual(['the database is away']);
});
