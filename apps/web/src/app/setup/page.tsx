import { Notice } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { getTranslations } from 'next-intl/server';
import { SetUpForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';
import { CheckRows } from '@/admin/check-rows';
import { titled } from '@/language/titled';
import { getQueryClient, serverTrpc } from '@/trpc/server';

export const generateMetadata = titled('setUp');

export default function SetUpPage() {
  const t = useTranslations('entrance');
  return (
    <Entrance title={t('setUpPixgen')} lead={t('thisLinkMakesTheFirst')}>
      <SetUpForm />
      <Checks />
    </Entrance>
  );
}

/** What works already; nothing once there is an administrator, who finds it in the administration. */
async function Checks() {
  const t = await getTranslations('checks');
  const answer = await getQueryClient()
    .fetchQuery(serverTrpc().account.setUpChecks.queryOptions())
    .catch(() => null);
  if (answer === null) return <Notice tone="danger">{t('unknown')}</Notice>;
  if (answer.checks === null) return null;
  return (
    <section className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex items-baseline justify-between gap-4">
        <h2 className="font-semibold text-lg tracking-[-0.01em]">{t('title')}</h2>
        {/* The page anew: every check is made again. */}
        <a href="/setup" className="text-accent text-sm underline-offset-4 hover:underline">
          {t('again')}
        </a>
      </div>
      <CheckRows checks={answer.checks} />
    </section>
  );
}
