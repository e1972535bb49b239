import { PROFILES } from '@pixgen/domain';
import { Card, Facts, LinkButton, PageHeader } from '@pixgen/ui';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';
import { ApiKeys } from '@/account/api-keys';
import { ChangePassword } from '@/account/change-password';
import { Sessions } from '@/account/sessions';
import { SignOutButton } from '@/account/sign-out-button';
import { env } from '@/env';
import { YourData } from '@/erasure/your-data';
import { formatMoney } from '@/jobs/words';
import { SingleKeysChoice } from '@/keys/single-keys-choice';
import { LanguageChoice } from '@/language/language-choice';
import { titled } from '@/language/titled';
import { OwnStrikes } from '@/reports/own-strikes';
import { ThemeChoice } from '@/shell/theme-choice';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('settings');

export default async function SettingsPage() {
  const t = await getTranslations('settings');
  const jobWords = await getTranslations('jobs');
  const [account] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.account.apiKeys.queryOptions()),
      queryClient.fetchQuery(trpc.account.dataExport.queryOptions()),
      queryClient.fetchQuery(trpc.account.standing.queryOptions()),
      queryClient.fetchQuery(trpc.account.sessions.queryOptions()),
    ]),
  );
  const { budget } = account;
  const hasPassword = env().AUTH_MODE === 'local';
  return (
    <>
      <PageHeader title={t('settings')} />
      <div className="grid max-w-3xl gap-5">
        <Block title={t('account')} text={t('howThisInstallationKnowsYou')}>
          <Facts
            items={[
              [t('name'), account.displayName],
              [t('eMail'), account.email ?? t('none')],
              [t('role'), account.role === 'admin' ? t('administrator') : t('member')],
              [t('baseModel'), PROFILES[account.profile].name],
              [t('spent'), formatMoney(jobWords, budget.spentMicroUsd)],
              ...(budget.limitMicroUsd === null
                ? []
                : [[t('limit'), formatMoney(jobWords, budget.limitMicroUsd)] as const]),
            ]}
          />
          <Hydrate>
            <OwnStrikes />
          </Hydrate>
          <SignOutButton />
        </Block>
        {hasPassword && (
          <Block title={t('signInAndSessions')} text={t('aChangedPasswordEnds')}>
            <Hydrate>
              <ChangePassword />
              <Sessions />
            </Hydrate>
          </Block>
        )}
        <Block title={t('appearance')} text={t('keptInThisBrowser')}>
          <ThemeChoice labelled />
          <LanguageChoice labelled />
          <SingleKeysChoice />
        </Block>
        <Block title={t('apiKeys')} text={t('forProgramsThatDoWhat')}>
          <Hydrate>
            <ApiKeys />
          </Hydrate>
          <Link href="/docs/api" className="text-accent text-sm underline underline-offset-4">
            {t('apiReference')}
          </Link>
        </Block>
        <Block title={t('yourData')} text={t('takeItWithYouOr')}>
          <Hydrate>
            <YourData hasPassword={hasPassword} />
          </Hydrate>
        </Block>
        {account.role === 'admin' && (
          <Block title={t('administration')} text={t('onlyAdministratorsSeeThisPart')}>
            <LinkButton as={Link} href="/admin">
              {t('openTheAdministration')}
            </LinkButton>
          </Block>
        )}
      </div>
    </>
  );
}

function Block({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <Card>
      <section aria-label={title} className="grid gap-5">
        <div>
          <h2 className="font-semibold text-lg tracking-[-0.01em]">{title}</h2>
          <p className="text-ink-2 text-sm">{text}</p>
        </div>
        <div className="grid grid-cols-[minmax(0,1fr)] justify-items-stretch gap-5 [&>a]:justify-self-start [&>button]:justify-self-start [&>fieldset]:justify-self-start">
          {children}
        </div>
      </section>
    </Card>
  );
}
