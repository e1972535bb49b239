import { Notice } from '@pixgen/ui';
import { getTranslations } from 'next-intl/server';
import { SetUpForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';
import { CheckRows } from '@/admin/check-rows';
import { titled } from '@/language/titled';
import { getQueryClient, serverTrpc } from '@/trpc/server';

export const generateMetadata = titled('setUp');

export default async function SetUpPage() {
  const t = await getTranslations('entrance');
  const words = await getTranslations('checks');
  const answer = await getQueryClient()
    .fetchQuery(serverTrpc().account.setUpChecks.queryOptions())
    .catch(() => null);
  return (
    <Entrance title={t('setUpPixgen')} lead={t('thisLinkMakesTheFirst')}>
      <SetUpForm />
      {answer === null && <Notice tone="danger">{words('unknown')}</Notice>}
      {answer?.checks && (
        <section className="grid gap-3">
          <div className="flex items-baseline justify-between gap-4">
            <h2 className="font-semibold text-lg tracking-[-0.01em]">{words('title')}</h2>
            {/* The page anew: every check is made again. */}
            <a href="/setup" className="text-accent text-sm underline-offset-4 hover:underline">
              {words('again')}
            </a>
          </div>
          <CheckRows checks={answer.checks} />
        </section>
      )}
    </Entrance>
  );
}
