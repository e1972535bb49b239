import { PROFILES } from '@pixgen/domain';
import { Card, Facts, LinkButton, PageHeader } from '@pixgen/ui';
import type { Metadata } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { ApiKeys } from '@/account/api-keys';
import { SignOutButton } from '@/account/sign-out-button';
import { env } from '@/env';
import { YourData } from '@/erasure/your-data';
import { formatMoney } from '@/jobs/words';
import { SingleKeysChoice } from '@/keys/single-keys-choice';
import { OwnStrikes } from '@/reports/own-strikes';
import { ThemeChoice } from '@/shell/theme-choice';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Settings' };

export default async function SettingsPage() {
  const [account] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.account.apiKeys.queryOptions()),
      queryClient.fetchQuery(trpc.account.dataExport.queryOptions()),
      queryClient.fetchQuery(trpc.account.standing.queryOptions()),
    ]),
  );
  const { budget } = account;
  return (
    <>
      <PageHeader title="Settings" />
      <div className="grid max-w-3xl gap-5">
        <Block title="Account" text="How this installation knows you.">
          <Facts
            items={[
              ['Name', account.displayName],
              ['E-mail', account.email ?? 'none'],
              ['Role', account.role === 'admin' ? 'Administrator' : 'Member'],
              ['Base model', PROFILES[account.profile].name],
              ['Spent', formatMoney(budget.spentMicroUsd)],
              ...(budget.limitMicroUsd === null ? [] : [['Limit', formatMoney(budget.limitMicroUsd)] as const]),
            ]}
          />
          <Hydrate>
            <OwnStrikes />
          </Hydrate>
          <SignOutButton />
        </Block>
        <Block title="Appearance" text="Kept in this browser.">
          <ThemeChoice />
          <SingleKeysChoice />
        </Block>
        <Block title="API keys" text="For programs that do what you do here. A key may do everything your account may.">
          <Hydrate>
            <ApiKeys />
          </Hydrate>
        </Block>
        <Block title="Your data" text="Take it with you, or end it.">
          <Hydrate>
            <YourData hasPassword={env().AUTH_MODE === 'local'} />
          </Hydrate>
        </Block>
        {account.role === 'admin' && (
          <Block title="Administration" text="Only administrators see this part.">
            <LinkButton as={Link} href="/admin">
              Open the administration
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
        <div className="grid justify-items-stretch gap-5 [&>a]:justify-self-start [&>button]:justify-self-start [&>fieldset]:justify-self-start">
          {children}
        </div>
      </section>
    </Card>
  );
}
