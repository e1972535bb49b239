'use client';

import { type AccountView, LIMITS, type ModelView, PROMPT_IDEAS, splitStyles } from '@pixgen/domain';
import { Button, cn, Field, Kbd, Notice, Select, SubmitButton } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { History as HistoryIcon, SlidersHorizontal } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { type FormEvent, lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useIntentKey } from '@/jobs/intent-key';
import { formatPrice } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { type DrawForm, drawFaults, drawInput, formOfRecipe } from './draw-input';
import { DrawSettings } from './draw-settings';
import { handRecipe, studioPath, takeRecipe } from './handed-recipe';
import { PromptBox, StyleChips, WildcardNote } from './prompt-box';
import type { FileRecipe } from './read-recipe';
import { RecipeDrop } from './recipe-drop';
import { useDraft } from './use-draft';

// Drawn by the server with the page; what makes their menus and keys work comes after the form.
const StudioPictures = lazy(() => import('./studio-pictures'));
// No prompt that one begins with is too long.
const TokenWarning = lazy(() => import('./token-warning'));
const PromptHistory = lazy(async () => ({ default: (await import('./prompt-history')).PromptHistory }));

type Props = {
  account: AccountView;
  models: readonly ModelView[];
  model: ModelView;
  /** What a link brought along: a prompt, or a recipe. */
  given: Partial<DrawForm> | null;
};

/** Model, prompt, settings; below, the pictures as they come and what was made before. */
export function Studio({ account, models, model, given }: Props) {
  const t = useTranslations('studio');
  const jobWords = useTranslations('jobs');
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const promptBox = useRef<HTMLTextAreaElement>(null);
  const [form, setForm] = useDraft(account, model.id, given, promptBox);
  const [history, setHistory] = useState(false);
  const [settings, setSettings] = useState(false);
  const [restored, setRestored] = useState<{ fault: string | null } | null>(null);
  const [empty, setEmpty] = useState(false);
  const intent = useIntentKey('generate');
  const start = useMutation(
    trpc.generation.start.mutationOptions({
      onSuccess: async (generation) => {
        intent.settle();
        queryClient.setQueryData(trpc.generation.get.queryKey({ id: generation.id }), generation);
        void queryClient.invalidateQueries(trpc.jobs.pathFilter());
        await queryClient.invalidateQueries(trpc.generation.list.pathFilter());
      },
    }),
  );
  const faults = drawFaults(t, form, account.profile);
  const faulty = Object.keys(faults).length > 0;
  const change = (part: Partial<DrawForm>) => {
    setForm(part);
    setEmpty(false);
    setRestored(null);
  };

  function restore(recipe: FileRecipe) {
    setForm(formOfRecipe(recipe, recipe.seed, account.profile));
    setEmpty(false);
    setRestored({ fault: null });
  }
  const restoreLatest = useRef(restore);
  restoreLatest.current = restore;
  useEffect(() => {
    // After the draft was read: what was dropped goes before it.
    const recipe = takeRecipe();
    if (recipe) restoreLatest.current(recipe);
  }, []);

  function submit(event?: FormEvent) {
    event?.preventDefault();
    if (form.prompt.trim() === '') {
      promptBox.current?.focus();
      return setEmpty(true);
    }
    if (faulty || start.isPending) return;
    const input = drawInput(form, model.id);
    start.mutate({ ...input, idempotencyKey: intent.keyFor(input) });
  }

  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-10 gap-y-10 lg:grid-cols-[minmax(0,1fr)_19rem] lg:grid-rows-[auto_auto_1fr]">
      <form
        onSubmit={submit}
        noValidate
        className="contents"
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
            event.preventDefault();
            submit();
          }
        }}
      >
        {/* On a phone the settings come under the prompt, and the button stays in sight below both. */}
        <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-4 lg:contents">
          <div className="grid content-start gap-4 lg:col-start-1">
            <Field label={t('model')}>
              <Select
                value={model.id}
                onChange={(event) => router.replace(`/studio?model=${event.target.value}`, { scroll: false })}
              >
                {models.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name} ({one.classWord})
                  </option>
                ))}
              </Select>
            </Field>
            <Field
              label={t('prompt')}
              error={empty ? t('writeAPromptFirst') : faults.prompt}
              aside={`${form.prompt.length} / ${LIMITS.prompt.max}`}
            >
              <PromptBox
                ref={promptBox}
                name="prompt"
                trigger={`${model.triggerWord} ${model.classWord}`}
                value={form.prompt}
                onChange={(event) => change({ prompt: event.target.value })}
              />
            </Field>
            {(form.prompt.length > 20 || form.styles.length > 3) && (
              <Suspense fallback={null}>
                <TokenWarning prompt={form.prompt} styles={form.styles} />
              </Suspense>
            )}
            <WildcardNote prompt={form.prompt} />
            <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
              <button
                type="button"
                aria-expanded={history}
                onClick={() => setHistory(!history)}
                className="flex items-center gap-1.5 rounded-control text-ink-2 text-sm hover:text-ink [&_svg]:size-4"
              >
                <HistoryIcon aria-hidden="true" /> {t('promptHistory')}
              </button>
              <RecipeDrop
                onRecipe={(recipe) => {
                  const other = models.find(({ triggerWord }) => triggerWord === recipe.triggerWord);
                  if (!other || other.id === model.id) return restore(recipe);
                  // Drawn with another model: the studio opens anew with that one, and finds the recipe.
                  handRecipe(recipe);
                  router.replace(studioPath(recipe, models), { scroll: false });
                }}
                onFault={(fault) => setRestored({ fault })}
              />
            </div>
            {restored && (
              <Notice tone={restored.fault ? 'danger' : 'good'}>
                {restored.fault ?? t('theRecipeIsRestoredWith')}
              </Notice>
            )}
            {history && (
              <Suspense fallback={null}>
                <PromptHistory
                  onClose={() => {
                    setHistory(false);
                    promptBox.current?.focus();
                  }}
                  onPick={({ prompt, negativePrompt }) => {
                    const { styles, prompt: plain } = splitStyles(prompt);
                    change({ prompt: plain, styles, negativePrompt });
                    setHistory(false);
                    promptBox.current?.focus();
                  }}
                />
              </Suspense>
            )}
            <StyleChips chosen={form.styles} onChange={(styles) => change({ styles })} />
            {form.prompt === '' && !history && (
              <Ideas classWord={model.classWord} onPick={(idea) => change({ prompt: idea })} />
            )}
            {start.error && (
              <Notice tone="danger" title={t('nothingWasStarted')}>
                {failureOf(start.error).message}
              </Notice>
            )}
            <Button
              variant="ghost"
              size="sm"
              aria-expanded={settings}
              aria-controls="draw-settings"
              onClick={() => setSettings(!settings)}
              className="justify-self-start lg:hidden"
            >
              <SlidersHorizontal aria-hidden="true" /> {t('settings')}
            </Button>
          </div>
          <section
            id="draw-settings"
            aria-label={t('settingsOfThePictures')}
            className={cn('lg:col-start-2 lg:row-span-3 lg:row-start-1', !settings && 'max-lg:hidden')}
          >
            <DrawSettings
              form={form}
              faults={faults}
              profile={account.profile}
              onChange={change}
              countLabel={t('numberOfPictures')}
              maxCount={LIMITS.imagesPerPrompt.max}
            />
          </section>
          <div className="sticky bottom-16 z-10 flex lg:col-start-1 lg:-mt-6 flex-wrap items-center justify-end gap-4 bg-paper/92 py-3 backdrop-blur-md sm:static sm:bg-transparent sm:p-0 sm:backdrop-blur-none">
            <SubmitButton
              variant="primary"
              size="lg"
              busy={start.isPending}
              disabled={faulty}
              className="max-sm:h-11 max-sm:px-4 max-sm:text-sm"
            >
              {t('generate', { n: form.n, price: formatPrice(jobWords, account.prices.imageMicroUsd * form.n) })}
              <Kbd className="max-lg:hidden">Ctrl ↵</Kbd>
            </SubmitButton>
          </div>
        </div>
      </form>
      <Suspense>
        <StudioPictures modelId={model.id} />
      </Suspense>
    </div>
  );
}

function Ideas({ classWord, onPick }: { classWord: string; onPick: (idea: string) => void }) {
  const t = useTranslations('studio');
  return (
    // One row on phones: a draft that comes back takes the ideas away, and what stands below moves up by no more than that.
    <ul
      aria-label={t('promptIdeas')}
      className="flex flex-wrap gap-2 max-sm:flex-nowrap max-sm:overflow-x-auto max-sm:pb-1"
    >
      {PROMPT_IDEAS.map((idea) => (
        <li key={idea} className="max-sm:shrink-0">
          <button
            type="button"
            onClick={() => onPick(`${classWord} ${idea}`)}
            className="rounded-full border border-edge/50 px-3 py-1 text-left text-ink-2 text-sm transition-colors hover:border-edge hover:text-ink"
          >
            {idea}
          </button>
        </li>
      ))}
    </ul>
  );
}
