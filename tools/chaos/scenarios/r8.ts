/** R8: 10,000 parallel attempts at the limit of a budget; not one too many is accepted, and no moment shows too much. */
import { setTimeout as delay } from 'node:timers/promises';
import { query } from '../evidence.ts';
import { callApi } from '../load.ts';
import { PRICES } from '../system.ts';
import { generation, type Scenario, withSystem } from './scenario.ts';

const BATCH = 10;
const PARALLEL = 100;
const FITTING = 25;

type Account = { held: number; spent: number };

export const r8 = quota('r8', 10_000);

export function quota(name: string, attempts: number): Scenario {
  return () =>
    withSystem(name, { people: 1 }, async ({ system, people, history, judge }) => {
      const [person] = people;
      if (!person) throw new Error('this scenario needs a person');
      const { userId, modelId } = person;
      const read = async (): Promise<number> => {
        const rows = await query<Account>(
          system.stores,
          `SELECT "heldMicroUsd"::float8 AS held, "spentMicroUsd"::float8 AS spent FROM "User" WHERE id = '${userId}'`,
        );
        return (rows[0]?.held ?? 0) + (rows[0]?.spent ?? 0);
      };
      // Not a whole number of images: the last one must not fit by half.
      const limit = (await read()) + FITTING * PRICES.imageMicroUsd + PRICES.imageMicroUsd / 2;
      await query(
        system.stores,
        `UPDATE "User" SET "budgetLimitMicroUsd" = ${Math.floor(limit)} WHERE id = '${userId}'`,
      );
      // No GPU is free: what is held stays held.
      await system.controlGpu({ capacity: 0 });

      const codes = new Map<string, number>();
      let accepted = 0;
      let next = 0;
      let most = 0;
      let watching = true;
      const watch = (async () => {
        while (watching) {
          most = Math.max(most, await read());
          await delay(20);
        }
      })();
      const lane = async (): Promise<void> => {
        while (next < attempts) {
          const from = next;
          next += BATCH;
          const calls = Array.from({ length: BATCH }, (_, index) => {
            const { key } = generation(`r8-attempt-${from + index}`);
            return ['generation.start', { modelId, prompt: 'rain', n: 1, idempotencyKey: key }] as const;
          });
          const results = await callApi({ apiUrl: system.apiUrl, history }, person, calls);
          for (const result of results ?? [{ error: 'no answer' }]) {
            if ('data' in result) accepted += 1;
            else codes.set(result.error, (codes.get(result.error) ?? 0) + 1);
          }
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, lane));
      watching = false;
      await watch;
      await system.controlGpu({ capacity: null });
      const { verdict } = await judge([]);
      const refused = codes.get('QUOTA_EXCEEDED') ?? 0;
      const findings = verdict.findings.length;
      const over = Math.max(0, accepted - FITTING);
      const passed = accepted === FITTING && refused === attempts - FITTING && most <= limit && findings === 0;
      return {
        passed,
        attempts,
        accepted,
        refused,
        over,
        mostMicroUsd: most,
        limitMicroUsd: Math.floor(limit),
        findings,
      };
    });
}
