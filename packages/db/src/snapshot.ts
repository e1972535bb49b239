import type { Db } from './client.ts';
import type { Prisma } from './generated/client.ts';

/**
 * Reads a row with its relations as they were at one moment. Prisma reads relations with queries of their own; without
 * this a job that ends in between looks ended beside results that are not there yet.
 */
export function atOneMoment<T>(db: Db, read: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
  return db.prisma.$transaction(read, { isolationLevel: 'RepeatableRead' });
}
