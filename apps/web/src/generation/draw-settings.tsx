'use client';

import { type GpuProfile, LIMITS } from '@pixgen/domain';
import { cn, Field, Input, Segmented, Select, Slider, Textarea } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { type DrawForm, SCHEDULER_WORDS, SCHEDULERS, sizeChoices, withDraft } from './draw-input';

type Props = {
  form: DrawForm;
  faults: Partial<Record<keyof DrawForm, string>>;
  profile: GpuProfile;
  onChange: (change: Partial<DrawForm>) => void;
  /** A pack sets its own number of pictures. */
  countLabel: string;
  maxCount: number;
};

/** Everything that shapes the pictures besides the prompt. */
export function DrawSettings({ form, faults, profile, onChange, countLabel, maxCount }: Props) {
  const t = useTranslations('studio');
  return (
    <div className="grid gap-6">
      <Field label={countLabel} aside={form.n}>
        <Slider min={1} max={maxCount} value={form.n} onValue={(n) => onChange({ n })} />
      </Field>
      <fieldset className="grid gap-2">
        <legend className="mb-1.5 font-medium text-sm">{t('shape')}</legend>
        <div className="grid grid-cols-5 gap-1.5">
          {sizeChoices(profile).map((choice) => {
            const chosen = choice.width === form.width && choice.height === form.height;
            return (
              <label
                key={choice.name}
                title={`${choice.width} × ${choice.height}`}
                className={cn(
                  'relative grid justify-items-center gap-1.5 rounded-control border border-edge/50 py-2 wrap-anywhere text-center text-[0.6875rem] text-ink-2 hover:border-edge has-focus-visible:outline-2 has-focus-visible:outline-accent',
                  chosen && 'border-accent bg-accent-soft text-ink',
                )}
              >
                <input
                  type="radio"
                  name="shape"
                  checked={chosen}
                  onChange={() => onChange({ width: choice.width, height: choice.height })}
                  className="absolute inset-0 size-full cursor-pointer opacity-0"
                />
                <span className="grid h-6 place-items-center" aria-hidden="true">
                  <span
                    className="block rounded-[2px] border-2 border-current"
                    style={{
                      width: `${(22 * choice.width) / Math.max(choice.width, choice.height)}px`,
                      height: `${(22 * choice.height) / Math.max(choice.width, choice.height)}px`,
                    }}
                  />
                </span>
                {t(`sizes.${choice.name}`)}
              </label>
            );
          })}
        </div>
        <p className="text-ink-2 text-xs tabular-nums">{t('pixels', { width: form.width, height: form.height })}</p>
        {faults.width && (
          <p role="alert" className="font-medium text-danger text-sm">
            {faults.width}
          </p>
        )}
      </fieldset>
      <Field group label={t('quality')} hint={t('aDraftIsAQuick')}>
        <Segmented
          label={t('quality')}
          value={form.draft ? 'draft' : 'full'}
          options={[
            { value: 'full', label: t('full') },
            { value: 'draft', label: t('draft') },
          ]}
          onValue={(value) => onChange(withDraft(value === 'draft', profile))}
        />
      </Field>
      <Field label={t('likeness')} aside={form.loraWeight.toFixed(2)} hint={t('weightOfYourModelLess')}>
        <Slider
          min={LIMITS.loraWeight.min}
          max={LIMITS.loraWeight.max}
          step={0.05}
          value={form.loraWeight}
          onValue={(loraWeight) => onChange({ loraWeight })}
        />
      </Field>
      <Field label={t('guidance')} aside={form.guidance.toFixed(1)}>
        <Slider
          min={LIMITS.guidance.min}
          max={LIMITS.guidance.max}
          step={0.5}
          value={form.guidance}
          onValue={(guidance) => onChange({ guidance })}
        />
      </Field>
      <Field label={t('steps')} aside={form.steps}>
        <Slider
          min={LIMITS.inferenceSteps.min}
          max={LIMITS.inferenceSteps.max}
          value={form.steps}
          onValue={(steps) => onChange({ steps })}
        />
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <Field label={t('sampler')}>
          <Select
            value={form.scheduler}
            onChange={(event) =>
              onChange({ scheduler: SCHEDULERS.find((name) => name === event.target.value) ?? form.scheduler })
            }
          >
            {SCHEDULERS.map((name) => (
              <option key={name} value={name}>
                {SCHEDULER_WORDS[name]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t('file')}>
          <Select
            value={form.format}
            onChange={(event) => onChange({ format: event.target.value === 'webp' ? 'webp' : 'png' })}
          >
            <option value="png">{t('pngExact')}</option>
            <option value="webp">{t('webpSmall')}</option>
          </Select>
        </Field>
      </div>
      <Field label={t('seed')} hint={t('theSameSeedDrawsThe')} error={faults.seed}>
        <Input
          inputMode="numeric"
          autoComplete="off"
          placeholder={t('newEachTime')}
          value={form.seed}
          onChange={(event) => onChange({ seed: event.target.value })}
          className="font-mono"
        />
      </Field>
      <Field label={t('negativePrompt')} hint={t('whatShouldNotBeIn')}>
        <Textarea
          rows={2}
          maxLength={LIMITS.prompt.max}
          value={form.negativePrompt}
          onChange={(event) => onChange({ negativePrompt: event.target.value })}
        />
      </Field>
    </div>
  );
}
