'use client';

import type { GenerationView, ImageView } from '@pixgen/domain';
import { Badge, Button, Confirm, LinkButton, Notice } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { type KeyboardEvent, useState } from 'react';
import { isTyping } from '@/gallery/keys';
import { FailureNotice } from '@/jobs/failure-notice';
import { useIntentKey } from '@/jobs/intent-key';
import { JobBar } from '@/jobs/job-bar';
import { usePollMs } from '@/jobs/live';
import { isOver, mayRetry } from '@/jobs/rules';
import { Ago } from '@/jobs/time';
import { useOutlook } from '@/jobs/use-outlook';
import { stateWords } from '@/jobs/words';
import { meantKey } from '@/keys/meant-key';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { ImageTile } from './image-tile';
import { useReadable } from './readable-prompt';
import { comparisonPath, tileAct } from './tile-keys';
import { useAgain } from './use-again';

type Props = {
  generation: GenerationView;
  /** Called with the new order that draws what was missing. */
  onRetried?: (next: GenerationView) => void;
  /** Called with a new order that a picture of this one led to. */
  onOrdered?: (next: GenerationView) => void;
  /** Off on the order's own page, which has a title. */
  titled?: boolean;
};

/** One order of pictures, live while it works: tiles fill in place, what failed can be drawn again. */
export function GenerationBlock({ generation: given, onRetried, onOrdered, titled = true }: Props) {
  const t = useTranslations('studio');
  const jobWords = useTranslations('jobs');
  const readable = useReadable();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const working = !isOver(given.job);
  const options = trpc.generation.get.queryOptions({ id: given.id });
  // What has ended in the list does not change; only live ones are watched one by one.
  const watched = useQuery({ ...options, initialData: given, refetchInterval: usePollMs(working), enabled: working });
  const generation = watched.data.job.endedAt || !given.job.endedAt ? watched.data : given;
  const { job, counts } = generation;
  const active = !isOver(job);
  const intent = useIntentKey(`redraw:${generation.id}`);
  const keep = (next: GenerationView) => {
    queryClient.setQueryData(trpc.generation.get.queryKey({ id: next.id }), next);
    void queryClient.invalidateQueries(trpc.generation.list.pathFilter());
    void queryClient.invalidateQueries(trpc.jobs.pathFilter());
  };
  const cancel = useMutation(trpc.generation.cancel.mutationOptions({ onSuccess: keep }));
  const retry = useMutation(
    trpc.generation.retry.mutationOptions({
      onSuccess: (next) => {
        intent.settle();
        keep(next);
        onRetried?.(next);
      },
    }),
  );
  const images = generation.images.filter((image) => image.deletedAt === null);
  const missing = counts.planned - counts.ready;
  const canRetry = !active && missing > 0;
  const title = generation.pack ? generation.pack.name : readable(generation.prompt ?? t('pictures'));
  const state = stateWords(jobWords, job.state);
  const retryAllowed = job.state === 'succeeded' ? counts.failed > 0 : mayRetry(job);
  const queuePosition = useOutlook(job)?.queuePosition ?? null;
  const again = useAgain(onOrdered ?? (() => undefined));
  const router = useRouter();
  const client = useTRPCClient();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const keepImage = async (image: ImageView) => {
    // An answer that is still on its way was read before this change, and would take it back.
    await queryClient.cancelQueries({ queryKey: options.queryKey });
    const changed = (old: GenerationView | undefined) =>
      old && { ...old, images: old.images.map((one) => (one.id === image.id ? image : one)) };
    queryClient.setQueryData(options.queryKey, (old) => changed(old) ?? changed(generation));
    void queryClient.invalidateQueries({ queryKey: options.queryKey });
    void queryClient.invalidateQueries(trpc.generation.list.pathFilter());
  };
  const favourite = useMutation(trpc.images.favourite.mutationOptions({ onSuccess: keepImage }));
  const rate = useMutation(trpc.images.rate.mutationOptions({ onSuccess: keepImage }));
  const download = useMutation({
    mutationFn: (id: string) => client.images.download.query({ id }),
    // The object store answers with a file to save, so the page stays.
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const marked = favourite.error ?? rate.error ?? download.error;
  const redraw = () => retry.mutate({ id: generation.id, idempotencyKey: intent.keyFor(generation.id) });
  const acts = {
    onRetry: retryAllowed && !active && !retry.isPending ? redraw : null,
    onExactly: (image: ImageView) => again.exactly(image, generation.settings),
    onVary: (image: ImageView) => again.vary(image, generation.settings),
    busyWith: again.busyWith,
    onFavourite: (image: ImageView) => favourite.mutate({ id: image.id, favourite: !image.favourite }),
    onDownload: (image: ImageView) => download.mutate(image.id),
    comparisonOf: (image: ImageView) => comparisonPath(images, chosen, image.id),
  };
  const toggle = ({ id }: ImageView) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  /** Keys of the picture that has the focus. */
  function press(event: KeyboardEvent<HTMLElement>) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const key = meantKey(event.key);
    if (key === null) return;
    const id =
      event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-image]')?.dataset.image : null;
    const image = images.find((one) => one.id === id && one.state === 'ready');
    const act =
      image &&
      tileAct(key, image, {
        favourite: acts.onFavourite,
        rate: (one, rating) => rate.mutate({ id: one.id, rating }),
        remix: (one) => router.push(`/studio?image=${one.id}`),
        compare: (one) => {
          const path = acts.comparisonOf(one);
          if (path) router.push(path);
        },
        download: acts.onDownload,
        choose: toggle,
      });
    if (!act) return;
    event.preventDefault();
    act();
  }
  const retryButton = retryAllowed && (
    <Button size="sm" busy={retry.isPending} onClick={redraw}>
      {missing === 1 ? t('drawTheMissingOneAgain') : t('drawTheMissingAgain', { missing })}
    </Button>
  );

  return (
    <article aria-label={title} className="grid gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        {titled && (
          <h2 className="line-clamp-2 min-w-0 flex-1 basis-64 font-medium">
            <Link href={`/generations/${generation.id}`} className="hover:text-accent">
              {title}
            </Link>
          </h2>
        )}
        <p className="flex items-center gap-2 text-ink-2 text-sm">
          <span role="status" className="tabular-nums">
            {t('of', { ready: counts.ready, planned: counts.planned })}
          </span>
          {!active && job.state !== 'succeeded' && <Badge tone={state.tone}>{state.label}</Badge>}
          <span>
            <Ago at={generation.createdAt} />
          </span>
        </p>
      </div>
      {active && <JobBar job={job} name={t('picturesNamed', { title })} />}
      <ul
        onKeyDown={press}
        aria-label={t('picturesOf', { title })}
        className="grid grid-cols-2 gap-1.5 sm:grid-cols-(--columns) sm:gap-2.5"
        style={{ ['--columns' as string]: columnsFor(images.length) }}
      >
        {images.map((image) => (
          <ImageTile
            key={image.id}
            image={image}
            job={job}
            queuePosition={queuePosition}
            chosen={chosen.has(image.id)}
            acts={acts}
          />
        ))}
      </ul>
      {chosen.size > 0 && (
        <p role="status" className="flex flex-wrap items-center gap-3 text-sm">
          {t('chosenToCompare', { count: chosen.size })}
          {chosen.size >= 2 && (
            <LinkButton as={Link} size="sm" href={comparisonPath(images, chosen, '') ?? '/gallery'}>
              {t('compare')}
            </LinkButton>
          )}
          <Button size="sm" variant="ghost" onClick={() => setChosen(new Set())}>
            {t('chooseNone')}
          </Button>
        </p>
      )}
      {marked && <Notice tone="danger">{failureOf(marked).message}</Notice>}
      {active && (
        <Confirm
          trigger={
            <Button size="sm" variant="quietDanger" className="justify-self-start">
              {t('cancelTheRest')}
            </Button>
          }
          danger
          title={t('cancelTheRest2')}
          action={t('cancelTheRest')}
          keep={t('letItRun')}
          onConfirm={() =>
            cancel.mutateAsync({ id: generation.id }).then(
              () => null,
              (error) => failureOf(error).message,
            )
          }
        >
          {t('finishedPicturesAreKeptPictures')}
        </Confirm>
      )}
      {canRetry && job.failure && <FailureNotice job={job} action={retryButton} />}
      {canRetry && !job.failure && (
        <Notice tone="warn" title={t('ofWereNotDrawn', { missing, planned: counts.planned })} action={retryButton}>
          {t('theyCostNothingTheFinished')}
        </Notice>
      )}
      {again.error && <Notice tone="danger">{again.error}</Notice>}
      {favourite.error && <Notice tone="danger">{failureOf(favourite.error).message}</Notice>}
      {retry.error && <Notice tone="danger">{failureOf(retry.error).message}</Notice>}
    </article>
  );
}

/** Three or four in a row, whichever leaves fewer places empty; one picture alone does not fill the page. */
function columnsFor(count: number): string {
  const empty = (columns: number) => (columns - (count % columns)) % columns;
  const columns = count <= 4 ? Math.max(2, count) : empty(3) < empty(4) ? 3 : 4;
  return `repeat(${columns}, minmax(0, 1fr))`;
}
