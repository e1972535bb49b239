import { CONSENT, isPersonClass, PROFILES, resolveTrainSettings, trainingPlan } from '@pixgen/domain';
import { Card, Facts, Notice } from '@pixgen/ui';
import { getLocale, getTranslations } from 'next-intl/server';
import { Print } from '@/gallery/print';
import { formatPrice } from '@/jobs/words';
import { languageOf } from '@/language/locales';
import { titled } from '@/language/titled';
import { setVerdict } from '@/photos/tile-state';
import { loadDraft } from '@/training/load-draft';
import { chosenPack, planPrice } from '@/training/plan';
import { StartTraining } from '@/training/start-training';
import { WizardFrame } from '@/training/wizard-steps';
import { load } from '@/trpc/server';

export const generateMetadata = titled('review');

export default async function ReviewPage({ params }: { params: Promise<{ modelId: string }> }) {
  const t = await getTranslations('wizard');
  const model = await loadDraft((await params).modelId, 'review');
  const { pack: wanted, ...plan } = model.plan ?? trainingPlan.parse({});
  const [account, photos, packs] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.photos.list.queryOptions({ modelId: model.id })),
      queryClient.fetchQuery(trpc.packs.list.queryOptions()),
    ]),
  );
  const ready = photos.items.filter((photo) => photo.state === 'ready');
  const settings = resolveTrainSettings({
    profile: account.profile,
    photoCount: ready.length,
    isPerson: isPersonClass(model.classWord),
    seed: 0,
    ...plan,
  });
  const pack = chosenPack(packs.items, wanted);
  const price = planPrice(account.prices, pack);
  return (
    <WizardFrame modelId={model.id} step="review" title={t('allSet')} lead={t('theTrainingGoesOnWhen')}>
      <div className="grid gap-6">
        {PROFILES[account.profile].simulated && (
          <Notice tone="warn" title={PROFILES[account.profile].name}>
            {t('thisBaseModelShowsThe')}
          </Notice>
        )}
        <Card className="grid gap-6">
          <ul aria-label={t('photosOfTheSet')} className="grid grid-cols-5 gap-1.5 sm:grid-cols-10">
            {ready.map((photo) => (
              <li key={photo.id} className="overflow-hidden rounded-print">
                <Print
                  src={`/p/${photo.id}`}
                  alt={photo.fileName}
                  width={128}
                  height={128}
                  sizes="80px"
                  className="aspect-square w-full object-cover"
                />
              </li>
            ))}
          </ul>
          <Facts
            items={[
              [t('model'), model.name],
              [t('subject'), model.classWord],
              [
                t('triggerWord'),
                <span key="t" className="font-mono">
                  {model.triggerWord}
                </span>,
              ],
              [t('photos'), ready.length],
              [t('preset'), t(`presets.${plan.preset}.title`)],
              [
                t('training'),
                t('trainingOf', {
                  early: String(Boolean(settings.stopEarly)),
                  steps: settings.steps,
                  rank: settings.rank,
                  resolution: settings.resolution,
                  batch: settings.batchSize,
                  rate: String(settings.learningRate),
                }),
              ],
              [t('seed'), plan.overrides.seed ?? t('random')],
              [t('andThen'), pack ? t('packOf', pack) : t('noPack')],
              [
                t('statement'),
                model.consent ? CONSENT.text[languageOf(await getLocale())][model.consent.subject] : t('missing'),
              ],
              [t('price'), formatPrice(await getTranslations('jobs'), price)],
            ]}
          />
        </Card>
        <StartTraining
          modelId={model.id}
          plan={pack ? { ...plan, pack: { slug: pack.slug, n: pack.n } } : plan}
          priceMicroUsd={price}
          blocked={setVerdict(await getTranslations('photos'), ready.length, 0).reason}
        />
      </div>
    </WizardFrame>
  );
}
