import { CONSENT, isPersonClass, PROFILES, resolveTrainSettings, trainingPlan } from '@pixgen/domain';
import { Card, Facts, Notice } from '@pixgen/ui';
import type { Metadata } from 'next';
import { Print } from '@/gallery/print';
import { formatPrice } from '@/jobs/words';
import { setVerdict } from '@/photos/tile-state';
import { loadDraft } from '@/training/load-draft';
import { StartTraining } from '@/training/start-training';
import { WizardFrame } from '@/training/wizard-steps';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Review' };

export default async function ReviewPage({ params }: { params: Promise<{ modelId: string }> }) {
  const model = await loadDraft((await params).modelId, 'review');
  const plan = model.plan ?? trainingPlan.parse({});
  const [account, photos] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.photos.list.queryOptions({ modelId: model.id })),
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
  const price = account.prices.trainMicroUsd;
  return (
    <WizardFrame
      modelId={model.id}
      step="review"
      title="All set?"
      lead="The training goes on when you close this page. You may cancel it at any time."
    >
      <div className="grid gap-6">
        {PROFILES[account.profile].simulated && (
          <Notice tone="warn" title={PROFILES[account.profile].name}>
            This base model shows the machinery, not likeness.
          </Notice>
        )}
        <Card className="grid gap-6">
          <ul aria-label="Photos of the set" className="grid grid-cols-5 gap-1.5 sm:grid-cols-10">
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
              ['Model', model.name],
              ['Subject', model.classWord],
              [
                'Trigger word',
                <span key="t" className="font-mono">
                  {model.triggerWord}
                </span>,
              ],
              ['Photos', ready.length],
              ['Preset', plan.preset[0]?.toUpperCase() + plan.preset.slice(1)],
              [
                'Training',
                `${settings.steps} steps${settings.stopEarly ? ' at most' : ''}, rank ${settings.rank}, ${settings.resolution} px, batch ${settings.batchSize}, learning rate ${settings.learningRate}`,
              ],
              ['Seed', plan.overrides.seed ?? 'random'],
              ['Statement', model.consent ? CONSENT.text[model.consent.subject] : 'missing'],
              ['Price', formatPrice(price)],
            ]}
          />
        </Card>
        <StartTraining
          modelId={model.id}
          plan={plan}
          priceMicroUsd={price}
          blocked={setVerdict(ready.length, 0).reason}
        />
      </div>
    </WizardFrame>
  );
}
