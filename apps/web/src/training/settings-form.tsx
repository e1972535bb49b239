'use client';

import {
  type GpuProfile,
  LIMITS,
  type ModelView,
  NUMBER_SETTINGS,
  type PackView,
  PROFILES,
  resolveTrainSettings,
  TRAINING_PRESETS,
  type TrainingPlan,
  type TrainingPreset,
} from '@pixgen/domain';
import { Checkbox, cn, Field, Input, LinkButton, Select, SubmitButton, Textarea } from '@pixgen/ui';
import { useMutation } from '@tanstack/react-query';
import { ChevronDown } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { type FormEvent, useState } from 'react';
import { formatPrice } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import {
  chosenPack,
  OVERRIDES,
  overrideFault,
  planPrice,
  readSamplePrompts,
  readSetting,
  samplePromptsFault,
  showSetting,
} from './plan';
import { Saved } from './saved';
import { StopEarly } from './stop-early';
import { useAutosave } from './use-autosave';
import { useNewestDraft } from './use-newest-draft';

type Props = {
  model: ModelView;
  profile: GpuProfile;
  isPerson: boolean;
  prices: { trainMicroUsd: number; imageMicroUsd: number };
  packs: readonly PackView[];
};

/** Step 3: a preset, and single values on top for those who know. Every change is kept with the draft. */
export function SettingsForm({ model, profile, isPerson, prices, packs }: Props) {
  const t = useTranslations('wizard');
  const jobWords = useTranslations('jobs');
  const router = useRouter();
  const trpc = useTRPC();
  const { draft, keep, foresee } = useNewestDraft(model);
  const [plan] = useState<TrainingPlan>(draft.plan ?? { preset: 'balanced', overrides: {} });
  const photoCount = model.photoCounts.ready;
  const [preset, setPreset] = useState(plan.preset);
  const [texts, setTexts] = useState<Partial<Record<(typeof OVERRIDES)[number], string>>>(() =>
    Object.fromEntries(
      OVERRIDES.flatMap((key) =>
        plan.overrides[key] === undefined ? [] : [[key, showSetting(key, plan.overrides[key])]],
      ),
    ),
  );
  const [captions, setCaptions] = useState(plan.overrides.captions);
  const [stopEarly, setStopEarly] = useState(plan.overrides.stopEarly ?? false);
  const [samples, setSamples] = useState(plan.overrides.samplePrompts?.join('\n'));
  const [packOrder, setPackOrder] = useState(plan.pack);
  const pack = chosenPack(packs, packOrder);
  const settingsOf = (name: TrainingPreset) =>
    resolveTrainSettings({ profile, preset: name, photoCount, isPerson, seed: 0 });
  const base = settingsOf(preset);
  // The weight of something that only people have.
  const shown = OVERRIDES.filter((key) => key !== 'priorWeight' || isPerson);
  const faults = Object.fromEntries(shown.map((key) => [key, overrideFault(t, key, texts[key] ?? '')]));
  const samplesFault = samplePromptsFault(t, samples ?? '');
  const hasSamples = samples === undefined || readSamplePrompts(samples).length > 0;
  const faulty = Object.values(faults).some(Boolean) || samplesFault !== null || (stopEarly && !hasSamples);

  // What is faulty is not kept; the rest of it is.
  const overrides: TrainingPlan['overrides'] = {};
  for (const key of shown) {
    const text = texts[key] ?? '';
    if (text.trim() && !faults[key]) overrides[key] = readSetting(key, text);
  }
  if (captions) overrides.captions = captions;
  if (stopEarly) overrides.stopEarly = true;
  if (samples !== undefined && samplesFault === null) overrides.samplePrompts = readSamplePrompts(samples);
  const update = useMutation(trpc.models.update.mutationOptions({ onSuccess: keep }));
  const chosen: TrainingPlan = { preset, overrides, ...(pack && { pack: { slug: pack.slug, n: pack.n } }) };
  const [first] = useState(chosen);
  const autosave = useAutosave(chosen, first, (next) => {
    foresee({ plan: next });
    return update.mutateAsync({ id: model.id, plan: next });
  });

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (faulty) return;
    // A preset that was left as it stood is a choice too.
    const kept = await (draft.plan ? autosave.flush() : autosave.saveNow());
    if (kept) router.push(`/train/${model.id}/review`);
  }

  return (
    <form onSubmit={submit} noValidate className="grid gap-8">
      <fieldset className="grid gap-4 sm:grid-cols-3">
        <legend className="sr-only">{t('preset')}</legend>
        {TRAINING_PRESETS.map((name) => {
          const settings = settingsOf(name);
          return (
            <label
              key={name}
              className={cn(
                'grid content-start gap-2 rounded-card border border-edge/60 bg-surface p-5 transition-[border-color,box-shadow] hover:border-edge',
                'has-checked:border-accent has-checked:shadow-[inset_0_0_0_1px_var(--accent)] has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2',
              )}
            >
              <span className="flex items-center justify-between font-medium">
                {t(`presets.${name}.title`)}
                <input
                  type="radio"
                  name="preset"
                  value={name}
                  checked={preset === name}
                  onChange={() => setPreset(name)}
                  className="size-[1.15rem] accent-accent"
                />
              </span>
              <span className="text-ink-2 text-sm">{t(`presets.${name}.text`)}</span>
              <span className="mt-1 font-mono text-ink-2 text-xs">
                {t('stepsRankPx', { steps: settings.steps, rank: settings.rank, resolution: settings.resolution })}
              </span>
            </label>
          );
        })}
      </fieldset>
      <details
        className="group rounded-card border border-line bg-surface"
        open={Object.keys(plan.overrides).length > 0}
      >
        <summary className="flex items-center justify-between gap-4 rounded-card px-5 py-4 font-medium [&::-webkit-details-marker]:hidden">
          {t('advanced')}
          <ChevronDown aria-hidden="true" className="size-4 text-ink-2 transition-transform group-open:rotate-180" />
        </summary>
        <div className="grid gap-x-6 gap-y-5 px-5 pb-6 sm:grid-cols-2 lg:grid-cols-3">
          {shown.map((key) => (
            <Field
              key={key}
              label={t(`numbers.${key}.label`)}
              hint={t(`numbers.${key}.hint`)}
              error={faults[key] ?? undefined}
            >
              <Input
                inputMode={NUMBER_SETTINGS[key].isDuration ? 'text' : 'decimal'}
                autoComplete="off"
                value={texts[key] ?? ''}
                placeholder={key === 'seed' ? t('random') : showSetting(key, base[key])}
                onChange={(event) => setTexts((all) => ({ ...all, [key]: event.target.value }))}
                className="font-mono"
              />
            </Field>
          ))}
          <Field
            label={t('samplePrompts')}
            hint={t('drawnWhileItTrainsOne', { max: LIMITS.training.samplePrompts.max })}
            error={samplesFault ?? undefined}
            className="sm:col-span-2 lg:col-span-3"
          >
            <Textarea
              rows={3}
              value={samples ?? base.samplePrompts.join('\n')}
              onChange={(event) => setSamples(event.target.value)}
            />
          </Field>
          <StopEarly checked={stopEarly} onChange={setStopEarly} hasSamples={hasSamples} />
          <div className="sm:col-span-2 lg:col-span-3">
            <Checkbox
              checked={(captions ?? base.captions) === 'auto'}
              onChange={(event) => setCaptions(event.target.checked ? 'auto' : 'template')}
            >
              {t('letTheGpuDescribeEach')}
            </Checkbox>
          </div>
        </div>
      </details>
      <Field label={t('andThen')} hint={t('thePackStartsByItself')} className="max-w-md">
        <Select
          value={pack?.slug ?? ''}
          onChange={({ target }) => setPackOrder(target.value ? { slug: target.value, n: 1 } : undefined)}
        >
          <option value="">{t('noPack')}</option>
          {packs.map(({ slug, name, prompts }) => (
            <option key={slug} value={slug}>
              {t('packOf', { name, pictures: prompts.length })}
            </option>
          ))}
        </Select>
      </Field>
      <p className="text-ink-2 text-sm">
        {t('baseModelAndPrice', {
          name: PROFILES[profile].name,
          price: formatPrice(jobWords, planPrice(prices, pack)),
        })}
      </p>
      <div className="flex flex-wrap items-center justify-between gap-4 border-line border-t pt-6">
        <LinkButton as={Link} href={`/train/${model.id}/photos`} variant="ghost">
          {t('back')}
        </LinkButton>
        <div className="flex flex-wrap items-center gap-4">
          <Saved state={autosave.state} />
          <SubmitButton variant="primary" disabled={faulty}>
            {t('continueToReview')}
          </SubmitButton>
        </div>
      </div>
    </form>
  );
}
