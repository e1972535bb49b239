/** `node packages/db/scripts/seed.ts`: writes the packs of `seed/packs.ts`. Running it again changes nothing. */
import { seedPack } from '@pixgen/domain';
import { connectDb } from '../src/client.ts';
import { savePack } from '../src/packs.ts';
import { SEED_PACKS } from './seed/packs.ts';

async function main(): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL is not set');
  const db = connectDb({ url, poolSize: 1, onError: (error) => console.error(error.message) });
  try {
    for (const pack of SEED_PACKS) console.log(`pack ${pack.slug}: ${await savePack(db, seedPack.parse(pack))}`);
  } finally {
    await db.close();
  }
}

await main();
