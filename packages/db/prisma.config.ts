import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// The native engine would be downloaded; ours runs the same engine as WebAssembly from the lockfile.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('./scripts/schema-engine.mjs', import.meta.url));

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env.DATABASE_URL ?? '' },
});
