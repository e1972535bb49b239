import { LIMITS, type ModelView } from '@pixgen/domain';
import { Card, Facts, LinkButton, Notice, PageHeader, Section } from '@pixgen/ui';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { perPrompt } from '@/jobs/replay';
import { titled } from '@/language/titled';
import { PackArt } from '@/packs/pack-card';
import { RunPack } from '@/packs/run-pack';
import { getQueryClient, load, serverTrpc } from '@/trpc/server';

export const generateMetadata = titled('pack');

type Props = {
  params: Promise<{ slug: string }>;
  searchParams: Promise<{ model?: string | string[]; run?: string | string[] }>;
};

export default async function PackPage({ params, searchParams }: Props) {
  const t = await getTranslations('packs');
  const { slug } = await params;
  const { model: wanted, run } = await searchParams;
  const [pack, account, ready, drafts] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.packs.get.queryOptions({ slug })),
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.models.list.queryOptions({ state: 'ready', limit: 100 })),
      queryClient.fetchQuery(trpc.models.list.queryOptions({ state: 'draft', limit: 100 })),
    ]),
  );
  // One that is gone, or of another pack, is passed over.
  const earlier =
    typeof run === 'string'
      ? await getQueryClient()
          .fetchQuery(serverTrpc().generation.get.queryOptions({ id: run }))
          .catch(() => null)
      : null;
  const given =
    earlier?.pack?.slug === slug
      ? { n: perPrompt(earlier.images, earlier.counts.planned), settings: earlier.settings }
      : null;
  const models = [
    ...ready.items.map(({ id, name }) => ({ id, name, trained: true })),
    ...drafts.items.filter(mayTrain).map(({ id, name }) => ({ id, name, trained: false })),
  ];
  return (
    <>
      <PageHeader title={pack.name} lead={pack.description} />
      <div className="grid gap-10 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Section title={t('prompts2')} aside={t('inVersion', { count: pack.prompts.length, version: pack.version })}>
          <ol className="grid gap-px overflow-hidden rounded-card border border-line bg-line">
            {pack.prompts.map((prompt, index) => (
              <li key={prompt} className="flex gap-4 bg-surface px-5 py-4 text-sm">
                <span className="font-mono text-ink-2">{index + 1}</span>
                <span>{withSubject(prompt, t('yourSubject'))}</span>
              </li>
            ))}
          </ol>
          {pack.negativePrompt && <Facts items={[[t('keptOut'), pack.negativePrompt]]} />}
        </Section>
        <aside className="grid content-start gap-5 max-lg:row-start-1" aria-label={t('runThisPack')}>
          <PackArt slug={pack.slug} className="aspect-[5/3] rounded-print max-lg:hidden" />
          {models.length === 0 ? (
            <Notice
              title={t('aPackNeedsAModel')}
              action={
                <LinkButton as={Link} href="/train" size="sm">
                  {t('trainAModel')}
                </LinkButton>
              }
            >
              {t('trainOneFirstThenRun')}
            </Notice>
          ) : (
            <Card>
              <RunPack
                slug={pack.slug}
                promptCount={pack.prompts.length}
                models={models}
                modelId={models.find((model) => model.id === wanted)?.id ?? models[0]?.id ?? ''}
                imagePriceMicroUsd={account.prices.imageMicroUsd}
                trainPriceMicroUsd={account.prices.trainMicroUsd}
                given={given}
              />
            </Card>
          )}
        </aside>
      </div>
    </>
  );
}

/** A draft that lacks nothing but its training. */
function mayTrain({ consent, photoCounts }: ModelView): boolean {
  const { ready, pending } = photoCounts;
  return consent !== null && pending === 0 && ready >= LIMITS.photos.min && ready <= LIMITS.photos.max;
}

function withSubject(prompt: string, subject: string) {
  return prompt.split(/(\{subject\})/).map((part, index) =>
    part === '{subject}' ? (
      <span key={index} className="rounded-full bg-accent-soft px-2 py-0.5 text-accent-strong dark:text-accent">
        {subject}
      </span>
    ) : (
      part
    ),
  );
}
