/**
 * `node packages/db/scripts/app-role.ts`, as the owner of the schema, after its migrations: makes or renews the role with which
 * API and worker connect (`APP_ROLE`, `APP_PASSWORD`). It reads and writes rows and nothing else: it owns no table and no
 * trigger, and the audit log it can only read and add to.
 */
import { openPool } from '../src/client.ts';

/** Told apart from its neighbours by what the log promises: no rows are changed or taken away. */
const ONLY_GROWING = ['AuditEntry', 'AuditLink'];

async function main(): Promise<void> {
  const { DATABASE_URL: url, APP_ROLE: role, APP_PASSWORD: password } = process.env;
  if (!url || !role || !password) throw new Error('DATABASE_URL, APP_ROLE and APP_PASSWORD are needed');
  const pool = openPool(url);
  try {
    // Names and passwords cannot be parameters of these statements; the server itself quotes them.
    const quoted = await pool.query<{ role: string; password: string; database: string; exists: boolean }>(
      `SELECT quote_ident($1) AS role, quote_literal($2) AS password, quote_ident(current_database()) AS database,
         EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS exists`,
      [role, password],
    );
    const [name] = quoted.rows;
    if (!name) throw new Error('the server quotes nothing');
    const only = ONLY_GROWING.map((table) => `"${table}"`).join(', ');
    await pool.query(`
      BEGIN;
      ${name.exists ? 'ALTER' : 'CREATE'} ROLE ${name.role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${name.password};
      REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      REVOKE ALL ON DATABASE ${name.database} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${name.database} TO ${name.role};
      GRANT USAGE ON SCHEMA public TO ${name.role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name.role};
      GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${name.role};
      REVOKE UPDATE, DELETE ON ${only} FROM ${name.role};
      REVOKE INSERT, UPDATE, DELETE ON "_prisma_migrations" FROM ${name.role};
      COMMIT;`);
    console.log(`role ${role}: ${name.exists ? 'renewed' : 'made'}`);
  } finally {
    await pool.end();
  }
}

await main();
