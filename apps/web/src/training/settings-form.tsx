'use client';

import { type GpuProfile, PROFILES, resolveTrainSettings, TRAINING_PRESETS, type TrainingPreset } from '@pixgen/domain';
import { Button, cn, Field, Input, LinkButton } from '@pixgen/ui';
import { ChevronDown } from 'lucide-react';
import Link from 'next/link';
import { useRouter, useSearchParams } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { formatPrice } from '@/jobs/words';
import { OVERRIDES, overrideFault, readPlan, type TrainingPlan, writePlan } from './plan';

const PRESET_WORDS: Record<TrainingPreset, { title: string; text: string }> = {
  fast: { title: 'Fast', text: 'A first look. Good enough to see whether the photos serve.' },
  balanced: { title: 'Balanced', text: 'The usual choice: a good likeness in reasonable time.' },
  best: { title: 'Best', text: 'More steps and finer detail; takes the longest.' },
};
const LABELS: Record<(typeof OVERRIDES)[number], { label: string; hint: string }> = {
  steps: { label: 'Steps', hint: 'More steps learn more, too many repeat the photos.' },
  rank: { label: 'Rank', hint: 'How much the model can hold.' },
  learningRate: { label: 'Learning rate', hint: 'How far each step goes.' },
  resolution: { label: 'Resolution', hint: 'Pixels per side, a multiple of 8.' },
  batchSize: { label: 'Batch size', hint: 'Photos per step.' },
  seed: { label: 'Seed', hint: 'The same seed gives the same training.' },
};

type Props = { modelId: string; profile: GpuProfile; photoCount: number; priceMicroUsd: number };

/** Step 3: a preset, and single values on top for those who know. The choice lives in the address. */
export function SettingsForm({ modelId, profile, photoCount, priceMicroUsd }: Props) {
  const router = useRouter();
  // The address, not what the server drew: after a step back it holds the choice that was made.
  const plan = readPlan(Object.fromEntries(useSearchParams()));
  const [preset, setPreset] = useState(plan.preset);
  const [texts, setTexts] = useState<Partial<Record<(typeof OVERRIDES)[number], string>>>(() =>
    Object.fromEntries(Object.entries(plan.overrides).map(([key, value]) => [key, String(value)])),
  );
  const base = resolveTrainSettings(profile, preset, photoCount, 0);
  const faults = Object.fromEntries(OVERRIDES.map((key) => [key, overrideFault(key, texts[key] ?? '')]));
  const faulty = Object.values(faults).some(Boolean);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (faulty) return;
    const overrides: TrainingPlan['overrides'] = {};
    for (const key of OVERRIDES) if (texts[key]?.trim()) overrides[key] = Number(texts[key]);
    const query = writePlan({ preset, overrides });
    window.history.replaceState(null, '', `?${query}`);
    router.push(`/train/${modelId}/review?${query}`);
  }

  return (
    <form onSubmit={submit} noValidate className="grid gap-8">
      <fieldset className="grid gap-4 sm:grid-cols-3">
        <legend className="sr-only">Preset</legend>
        {TRAINING_PRESETS.map((name) => {
          const settings = resolveTrainSettings(profile, name, photoCount, 0);
          return (
            <label
              key={name}
              className={cn(
                'grid content-start gap-2 rounded-card border border-edge/60 bg-surface p-5 transition-[border-color,box-shadow] hover:border-edge',
                'has-checked:border-accent has-checked:shadow-[inset_0_0_0_1px_var(--accent)] has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2',
              )}
            >
              <span className="flex items-center justify-between font-medium">
                {PRESET_WORDS[name].title}
                <input
                  type="radio"
                  name="preset"
                  value={name}
                  checked={preset === name}
                  onChange={() => setPreset(name)}
                  className="size-[1.15rem] accent-accent"
                />
              </span>
              <span className="text-ink-2 text-sm">{PRESET_WORDS[name].text}</span>
              <span className="mt-1 font-mono text-ink-2 text-xs">
                {settings.steps} steps · rank {settings.rank} · {settings.resolution} px
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
          Advanced
          <ChevronDown aria-hidden="true" className="size-4 text-ink-2 transition-transform group-open:rotate-180" />
        </summary>
        <div className="grid gap-x-6 gap-y-5 px-5 pb-6 sm:grid-cols-2 lg:grid-cols-3">
          {OVERRIDES.map((key) => (
            <Field key={key} label={LABELS[key].label} hint={LABELS[key].hint} error={faults[key] ?? undefined}>
              <Input
                inputMode="decimal"
                autoComplete="off"
                value={texts[key] ?? ''}
                placeholder={key === 'seed' ? 'random' : String(base[key])}
                onChange={(event) => setTexts((all) => ({ ...all, [key]: event.target.value }))}
                className="font-mono"
              />
            </Field>
          ))}
        </div>
      </details>
      <p className="text-ink-2 text-sm">
        Base model: {PROFILES[profile].name}. This training is {formatPrice(priceMicroUsd)}.
      </p>
      <div className="flex flex-wrap items-center justify-between gap-4 border-line border-t pt-6">
        <LinkButton as={Link} href={`/train/${modelId}/photos`} variant="ghost">
          Back
        </LinkButton>
        <Button type="submit" variant="primary" disabled={faulty}>
          Continue to review
        </Button>
      </div>
    </form>
  );
}
