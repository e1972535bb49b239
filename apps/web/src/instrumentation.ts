import { stopOnWrongEnv } from './env';

/** Next calls this once when the server starts. */
export async function register(): Promise<void> {
  stopOnWrongEnv();
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  (await import('./http/peer-address')).appendPeerAddresses();
  (await import('./http/server-limits')).limitSlowClients();
}
