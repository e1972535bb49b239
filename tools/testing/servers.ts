/**
 * Starts real servers for a test run and prints where they are as one line of JSON: Postgres with a migrated template
 * database, Valkey and an S3 store. Runs until its standard input ends, so it never outlives the run.
 */
import { generateClient, isClientGenerated, prepareDatabase } from '../stack/database.ts';
import { startStack } from '../stack/stack.ts';

async function main(): Promise<void> {
  if (!isClientGenerated()) await generateClient();
  await using stack = await startStack({ corsOrigins: ['http://localhost:3000'] });
  await prepareDatabase(stack.env.DATABASE_URL);
  process.stdout.write(`${JSON.stringify(stack.env)}\n`);
  await new Promise((resolve) => process.stdin.on('end', resolve).on('close', resolve).resume());
}

await main();
