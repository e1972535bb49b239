import { EmptyState, LinkButton, PageHeader, Section } from '@pixgen/ui';
import Link from 'next/link';
import { useLocale, useTranslations } from 'next-intl';
import { getTranslations } from 'next-intl/server';
import { PrintStrip } from '@/gallery/print-strip';
import { FailedJobs } from '@/jobs/failed-jobs';
import { FAILED_JOBS } from '@/jobs/failed-jobs-query';
import { RunningJobs } from '@/jobs/running-jobs';
import { formatMoney } from '@/jobs/words';
import { SunPrint } from '@/landing/sun-print';
import { languageOf } from '@/language/locales';
import { titled } from '@/language/titled';
import { ModelCard } from '@/models/model-card';
import { SampleSubject } from '@/training/sample-subject';
import { SAMPLE_STATEMENT } from '@/training/subject-choices';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const generateMetadata = titled('home');

export default async function HomePage() {
  const t = await getTranslations('home');
  const [account, models, images] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.models.list.queryOptions({ limit: 8 })),
      queryClient.fetchQuery(trpc.images.list.queryOptions({ limit: 12 })),
      queryClient.fetchQuery(trpc.jobs.list.queryOptions({ live: true, limit: 10 })),
      queryClient.fetchQuery(trpc.jobs.list.queryOptions(FAILED_JOBS)),
    ]),
  );
  const jobWords = await getTranslations('jobs');
  const { spentMicroUsd, limitMicroUsd } = account.budget;
  const first = account.displayName.split(' ')[0] ?? '';
  return (
    <>
      <PageHeader
        title={t('hello', { first })}
        lead={
          limitMicroUsd === null
            ? t('spent', { spent: formatMoney(jobWords, spentMicroUsd) })
            : t('spentOf', {
                spent: formatMoney(jobWords, spentMicroUsd),
                limit: formatMoney(jobWords, limitMicroUsd),
              })
        }
        actions={
          models.items.length > 0 && (
            <>
              <LinkButton as={Link} href="/train">
                {t('trainAModel')}
              </LinkButton>
              <LinkButton as={Link} href="/studio" variant="primary">
                {t('openTheStudio')}
              </LinkButton>
            </>
          )
        }
      />
      <Hydrate>
        <div className="grid gap-12">
          <RunningJobs />
          <FailedJobs />
          {models.items.length === 0 ? (
            <FirstModel />
          ) : (
            <>
              {images.items.length > 0 && (
                <Section title={t('recentPictures')} aside={<MoreLink href="/gallery">{t('allPictures')}</MoreLink>}>
                  <PrintStrip />
                </Section>
              )}
              <Section title={t('models')} aside={<MoreLink href="/models">{t('allModels')}</MoreLink>}>
                <div className="grid grid-cols-2 gap-x-4 gap-y-8 sm:grid-cols-3 lg:grid-cols-4">
                  {models.items.map((model) => (
                    <ModelCard key={model.id} model={model} />
                  ))}
                </div>
              </Section>
            </>
          )}
        </div>
      </Hydrate>
    </>
  );
}

function MoreLink({ href, children }: { href: string; children: React.ReactNode }) {
  return (
    <Link href={href} className="underline-offset-4 hover:text-accent hover:underline">
      {children}
    </Link>
  );
}

function FirstModel() {
  const t = useTranslations('home');
  return (
    <EmptyState
      art={<SunPrint seed={3} kind="contour" className="mb-3 w-36 rounded-print shadow-lift" />}
      title={t('trainYourFirstModel')}
      action={
        <div className="grid justify-items-center gap-6">
          <LinkButton as={Link} href="/train" variant="primary" size="lg">
            {t('trainYourFirstModel')}
          </LinkButton>
          <SampleSubject
            consentVersion={SAMPLE_STATEMENT.consentVersion}
            statement={SAMPLE_STATEMENT.statement[languageOf(useLocale())]}
          />
        </div>
      }
    >
      {t('take5To20Photos')}
    </EmptyState>
  );
}
