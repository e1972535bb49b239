import { redirect } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { Entrance } from '@/account/entrance';
import { SignOutButton } from '@/account/sign-out-button';
import { env } from '@/env';
import { YourData } from '@/erasure/your-data';
import { signInPath } from '@/http/next-path';
import { titled } from '@/language/titled';
import { OwnStrikes } from '@/reports/own-strikes';
import { ApiProvider } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { Hydrate } from '@/trpc/hydrate';
import { getQueryClient, serverTrpc } from '@/trpc/server';

export const generateMetadata = titled('suspended');

/** Where a suspended person ends up wherever they go: why, and what stays theirs to do. */
export default async function SuspendedPage() {
  const t = await getTranslations('settings');
  const [queryClient, trpc] = [getQueryClient(), serverTrpc()];
  const why = await refusalOf(queryClient.fetchQuery(trpc.account.me.queryOptions()));
  if (why === null) redirect('/home');
  // Nothing is left to take along once the account is being erased.
  const isClosed = await refusalOf(
    Promise.all([
      queryClient.fetchQuery(trpc.account.dataExport.queryOptions()),
      queryClient.fetchQuery(trpc.account.standing.queryOptions()),
    ]),
  );
  return (
    <Entrance title={t('accountSuspended')} lead={why}>
      <ApiProvider>
        {isClosed === null && (
          <Hydrate>
            <OwnStrikes />
            <section aria-label={t('yourData')} className="grid gap-4">
              <h2 className="font-semibold text-lg tracking-[-0.01em]">{t('yourData')}</h2>
              <YourData hasPassword={env().AUTH_MODE === 'local'} />
            </section>
          </Hydrate>
        )}
        <SignOutButton />
      </ApiProvider>
    </Entrance>
  );
}

/** @returns why a suspended person is refused it; null when they are not */
async function refusalOf(call: Promise<unknown>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (error) {
    const { code, message } = failureOf(error);
    if (code === 'ACCOUNT_SUSPENDED') return message;
    if (code === 'UNAUTHENTICATED') redirect(signInPath('/suspended'));
    throw error;
  }
}
