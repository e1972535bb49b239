/** PgBouncer in transaction mode in front of the tests' Postgres. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import getPort from 'get-port';

/** Debian puts it where only root's PATH looks. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

/** @returns the program's path, or null when it is not installed; `PGBOUNCER` names another one */
export function findPgBouncer(): string | null {
  if (process.env.PGBOUNCER) return process.env.PGBOUNCER;
  for (const folder of FOLDERS) {
    const path = join(folder, 'pgbouncer');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return null;
}

/** @returns `[1, 24]` for 1.24.1 */
export function pgBouncerVersion(program: string): readonly [major: number, minor: number] {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major), Number(minor)];
}

/**
 * @param databaseUrl the Postgres behind it; any database of that server can be asked for
 * @param keepsStatements it keeps the names of prepared statements apart, as it can from 1.21 on; the address then says
 *   nothing of it
 * @returns the address to use instead
 */
export async function startPgBouncer(
  program: string,
  databaseUrl: string,
  keepsStatements = false,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const folder = mkdtempSync(join(tmpdir(), 'pixgen-pgbouncer-'));
  const listenPort = await getPort();
  const users = join(folder, 'users.txt');
  const config = join(folder, 'pgbouncer.ini');
  writeFileSync(users, `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`);
  // The settings that docs/operations.md asks of an operator, on a pool as small as a busy one.
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: listenPort,
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: users,
    pool_mode: 'transaction',
    default_pool_size: 8,
    max_client_conn: 500,
    server_reset_query: '',
    query_wait_timeout: 10,
    ...(keepsStatements && { max_prepared_statements: 200, ignore_startup_parameters: 'options' }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(config, `[databases]\n* = host=${hostname} port=${port}\n[pgbouncer]\n${lines.join('\n')}\n`);
  for (const path of [folder, users, config]) chmodSync(path, path === folder ? 0o755 : 0o644);
  // It refuses to run as root.
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(program, ['-q', ...asNobody, config], { stdio: ['ignore', 'ignore', 'inherit'] });
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(listenPort);
  url.pathname = pathname;
  if (!keepsStatements) url.searchParams.set('pgbouncer', 'true');
  await answers(listenPort);
  return {
    url: url.href,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    if (Date.now() > deadline) throw new Error('PgBouncer does not answer');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
