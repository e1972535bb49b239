import type { Db } from './client.ts';

/** True when this event was stored before, whatever has become of its job since. */
export async function wasEventStored({ pool }: Pick<Db, 'pool'>, jobId: string, webhookId: string): Promise<boolean> {
  const result = await pool.query({
    name: 'was-event-stored',
    text: 'SELECT 1 FROM "GpuEvent" WHERE "jobId" = $1 AND "webhookId" = $2',
    values: [jobId, webhookId],
  });
  return result.rows.length > 0;
}
