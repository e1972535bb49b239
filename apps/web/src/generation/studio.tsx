'use client';

import { type AccountView, LIMITS, type ModelView } from '@pixgen/domain';
import { Button, Field, Kbd, LinkButton, Notice, Select, useField } from '@pixgen/ui';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { SlidersHorizontal } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ComponentProps, type FormEvent, type KeyboardEvent, useState } from 'react';
import { useIntentKey } from '@/jobs/intent-key';
import { formatPrice } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { type DrawForm, defaultDraw, drawFaults, drawInput } from './draw-input';
import { DrawSettings } from './draw-settings';
import { GenerationBlock } from './generation-block';

type Props = { account: AccountView; models: readonly ModelView[]; model: ModelView; prompt: string };

/** Model, prompt, settings; below, the pictures as they come and what was made before. */
export function Studio({ account, models, model, prompt }: Props) {
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [form, setForm] = useState<DrawForm>(() => ({ ...defaultDraw(account.profile), prompt }));
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
  const faults = drawFaults(form, account.profile);
  const faulty = Object.keys(faults).length > 0;
  const change = (part: Partial<DrawForm>) => {
    setForm((all) => ({ ...all, ...part }));
    setEmpty(false);
  };

  function submit(event?: FormEvent) {
    event?.preventDefault();
    if (form.prompt.trim() === '') return setEmpty(true);
    if (faulty || start.isPending) return;
    const input = drawInput(form, model.id);
    start.mutate({ ...input, idempotencyKey: intent.keyFor(input) });
  }

  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-10 gap-y-10 lg:grid-cols-[minmax(0,1fr)_19rem]">
      <form onSubmit={submit} noValidate className="contents">
        <div className="grid content-start gap-4 lg:col-start-1">
          <Field label="Model">
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
            label="Prompt"
            error={empty ? 'Write a prompt first.' : faults.prompt}
            aside={`${form.prompt.length} / ${LIMITS.prompt.max}`}
          >
            <PromptBox
              trigger={`${model.triggerWord} ${model.classWord}`}
              value={form.prompt}
              onChange={(event) => change({ prompt: event.target.value })}
              onKeyDown={(event: KeyboardEvent) => {
                if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit();
              }}
            />
          </Field>
          {form.prompt === '' && <Ideas classWord={model.classWord} onPick={(idea) => change({ prompt: idea })} />}
          {start.error && (
            <Notice tone="danger" title="Nothing was started">
              {failureOf(start.error).message}
            </Notice>
          )}
          <div className="sticky bottom-16 z-10 flex flex-wrap items-center justify-end gap-4 bg-paper/92 py-3 backdrop-blur-md sm:static sm:bg-transparent sm:p-0 sm:backdrop-blur-none">
            <a href="#draw-settings" className="mr-auto flex items-center gap-2 text-ink-2 text-sm lg:hidden">
              <SlidersHorizontal aria-hidden="true" className="size-4" /> Settings
            </a>
            <Button
              type="submit"
              variant="primary"
              size="lg"
              busy={start.isPending}
              disabled={faulty}
              className="max-sm:h-11 max-sm:px-4 max-sm:text-sm"
            >
              Generate {form.n} · {formatPrice(account.prices.imageMicroUsd * form.n)}
              <Kbd className="max-lg:hidden">Ctrl ↵</Kbd>
            </Button>
          </div>
        </div>
        <section
          id="draw-settings"
          aria-label="Settings of the pictures"
          className="max-lg:order-last lg:col-start-2 lg:row-span-2 lg:row-start-1"
        >
          <DrawSettings
            form={form}
            faults={faults}
            profile={account.profile}
            onChange={change}
            countLabel="Number of pictures"
            maxCount={LIMITS.imagesPerPrompt.max}
          />
        </section>
      </form>
      <History modelId={model.id} />
    </div>
  );
}

/** The trigger word stands in front and cannot be lost: the prompt compiler adds it wherever the subject is meant. */
function PromptBox({ trigger, ...rest }: ComponentProps<'textarea'> & { trigger: string }) {
  return (
    <div className="rounded-control border border-edge bg-surface transition-colors focus-within:outline-2 focus-within:outline-accent focus-within:outline-offset-2 hover:border-ink-2">
      <span
        title="PixGen puts this into every prompt, once"
        className="mt-3 ml-3 inline-flex rounded-full bg-accent-soft px-2.5 py-0.5 font-mono text-accent-strong text-xs dark:text-accent"
      >
        {trigger}
      </span>
      <textarea
        {...useField()}
        rows={3}
        maxLength={LIMITS.prompt.max}
        placeholder="reading in a sunlit greenhouse, 50 mm photograph, soft light"
        className="block w-full resize-y bg-transparent px-3 pt-2 pb-3 text-base leading-relaxed outline-none placeholder:text-ink-2/80"
        {...rest}
      />
    </div>
  );
}

const IDEAS = [
  'in a sunlit greenhouse, 50 mm photograph, soft light',
  'on a rainy street at night, neon reflections, film still',
  'studio portrait on grey paper, large softbox, high detail',
  'as a watercolour on rough paper, loose strokes',
];

function Ideas({ classWord, onPick }: { classWord: string; onPick: (idea: string) => void }) {
  return (
    <ul aria-label="Prompt ideas" className="flex flex-wrap gap-2">
      {IDEAS.map((idea) => (
        <li key={idea}>
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

/** Everything made with this model, newest first; the running one is on top. */
function History({ modelId }: { modelId: string }) {
  const trpc = useTRPC();
  const list = useInfiniteQuery(
    trpc.generation.list.infiniteQueryOptions({ modelId, limit: 10 }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section aria-label="Pictures" className="grid content-start gap-12 lg:col-start-1">
      {items.length === 0 && !list.isPending && (
        <p className="rounded-card border border-edge/50 border-dashed px-6 py-16 text-center text-ink-2">
          Your pictures come up here, one by one.{' '}
          <LinkButton as={Link} href={`/packs?model=${modelId}`} variant="ghost" size="sm">
            Or run a pack
          </LinkButton>
        </p>
      )}
      {items.map((generation) => (
        <GenerationBlock key={generation.id} generation={generation} />
      ))}
      {list.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show older
        </Button>
      )}
    </section>
  );
}
