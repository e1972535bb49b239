import 'server-only';
import type { InstallationView } from '@pixgen/domain';
import { getQueryClient, serverTrpc } from '@/trpc/server';

/** Public facts of this installation; null while the API is away, so that signed-out pages still open. */
export async function findInstallation(): Promise<InstallationView | null> {
  return await getQueryClient()
    .fetchQuery(serverTrpc().account.installation.queryOptions())
    .catch(() => null);
}

/** True when the visitor's session is alive. */
export async function isSignedIn(): Promise<boolean> {
  return await getQueryClient()
    .fetchQuery(serverTrpc().account.me.queryOptions())
    .then(
      () => true,
      () => false,
    );
}
