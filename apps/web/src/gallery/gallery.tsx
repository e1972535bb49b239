'use client';

import { Button, LinkButton, Notice } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { SquareCheck } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useQueryStates } from 'nuqs';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { Collections } from './collections';
import { FilterBar, type FilterChoices } from './filter-bar';
import {
  countFilters,
  filterParsers,
  type GalleryFilters,
  NO_FILTERS,
  pageParser,
  writeFilters,
  writePage,
} from './filters';
import { GalleryDock } from './gallery-dock';
import { handleKey } from './gallery-keys';
import type { TileActs } from './gallery-tile';
import { type MasonryHandle, MasonryList } from './masonry-list';
import { NewPill } from './new-pill';
import { NoPictures } from './no-pictures';
import { Pager } from './pager';
import { takeSelected } from './selected-elsewhere';
import { countSelected, isSelected } from './selection';
import { nextFocus } from './shelf';
import { FIRST } from './shelf-query';
import { useGalleryActs } from './use-gallery-acts';
import { useSelection } from './use-selection';
import { useShelf } from './use-shelf';
import { useViewer } from './use-viewer';

// Fetched when the first picture is opened, or comes near to it.
const loadLightbox = () => import('./lightbox');
const Lightbox = lazy(loadLightbox);
const BulkBar = lazy(async () => ({ default: (await import('./bulk-bar')).BulkBar }));
const DeletedCollections = lazy(async () => ({ default: (await import('./deleted-collections')).DeletedCollections }));
const OperationsPanel = lazy(async () => ({ default: (await import('./operations-panel')).OperationsPanel }));

const STATE = { ...filterParsers, page: pageParser };

type Choices = Omit<FilterChoices, 'collections'>;

export default function GalleryByAddress(choices: Choices) {
  return (
    <NuqsAdapter>
      <Gallery {...choices} />
    </NuqsAdapter>
  );
}

/** All pictures: filtered by the address, endless or by pages, with a lightbox at its own address above them. */
function Gallery(choices: Choices) {
  const t = useTranslations('gallery');
  const [{ page, ...filters }, setState] = useQueryStates(STATE, { history: 'push', shallow: true, scroll: false });
  const router = useRouter();
  const trpc = useTRPC();
  const state = useShelf(filters, page);
  const { shelf, details } = state;
  const acts = useGalleryActs(state, filters);
  const collections = useQuery(trpc.collections.list.queryOptions()).data?.items ?? [];
  const [active, setActive] = useState<string | null>(null);
  const { selection, selecting, ...selector } = useSelection(shelf, active);
  const stopSelecting = selector.stop;
  const query = writeFilters('', filters);
  const { opened, ...viewer } = useViewer(state, query, setActive);
  const list = useRef<MasonryHandle>(null);
  const trash = filters.show === 'trash';
  const count = shelf ? countSelected(selection, shelf.total) : 0;

  const narrow = useCallback(
    (change: Partial<GalleryFilters>) => {
      stopSelecting();
      setActive(null);
      acts.forgetUndo();
      window.scrollTo({ top: 0, behavior: 'instant' });
      // Each pause in typing is no step to go back to.
      void setState(
        { ...change, page: page === null ? null : 1 },
        { history: Object.keys(change).join() === 'q' ? 'replace' : 'push' },
      );
    },
    [acts.forgetUndo, page, setState, stopSelecting],
  );

  // The viewer gives the keyboard back to where it came from; it belongs to the picture that was seen last.
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !opened && active) list.current?.focusTile(active);
    wasOpen.current = opened !== null;
  }, [opened, active]);

  // Selected on the picture's own page, where there is nothing to add it to.
  const selectFirst = selector.select;
  useEffect(() => {
    const id = takeSelected();
    if (id) selectFirst(id, false);
  }, []);

  const select = useCallback(
    (id: string, upTo: boolean) => {
      setActive(id);
      selector.select(id, upTo);
    },
    [selector.select],
  );
  const favourite = useCallback(
    (id: string) => void acts.mark(id, { favourite: !details.get(id)?.favourite }),
    [acts.mark, details],
  );
  const tileActs = useMemo<TileActs>(
    () => ({ open: viewer.open, select, favourite, focus: setActive }),
    [viewer.open, select, favourite],
  );

  /** Focus goes to the neighbour first: the tile it is on is about to leave. */
  function leave(ids: ReadonlySet<string>): string | null {
    const next = nextFocus(shelf?.frames ?? [], active, ids);
    const had = document.activeElement?.closest('[data-tile]') !== null;
    setActive(next);
    if (next && had) list.current?.focusTile(next);
    return next;
  }
  function removeOne(id: string) {
    if (!shelf) return;
    const next = leave(new Set([id]));
    if (opened) next ? viewer.view(next) : viewer.close();
    void acts.removeOne(shelf, id);
  }
  function removeSelected() {
    if (!shelf) return;
    leave(new Set(shelf.frames.flatMap(([id]) => (isSelected(selection, id) ? [id] : []))));
    void acts.bulk(trash ? 'restore' : 'delete', shelf, selection).then((done) => done && stopSelecting());
  }
  function downloadSelected() {
    if (shelf) void acts.bulk('download', shelf, selection).then((done) => done && stopSelecting());
  }
  function compare(id: string | null) {
    const pair = [...new Set([...(selection.all ? [] : selection.ids), ...(id ? [id] : [])])].slice(0, 2);
    const at = shelf?.frames.findIndex((frame) => frame[0] === pair[0]) ?? -1;
    const neighbour = shelf?.frames[at + 1]?.[0] ?? shelf?.frames[at - 1]?.[0];
    const [a, b = neighbour] = pair;
    if (a && b) router.push(`/compare?a=${a}&b=${b}`);
  }

  function rate(id: string, rating: number) {
    // The same number again takes it away.
    void acts.mark(id, { rating: rating === 0 || details.get(id)?.rating === rating ? null : rating });
  }
  const keyActs = {
    undo: () => void acts.undo(),
    selectAll: selector.all,
    stopSelecting,
    open: viewer.open,
    openWithRecipe: (id: string) => {
      viewer.setInfo(true);
      viewer.open(id);
    },
    select: (id: string) => select(id, false),
    remove: (id: string) => (count > 0 ? removeSelected() : removeOne(id)),
    download: (id: string) => (count > 0 ? downloadSelected() : acts.download(id)),
    compare,
    remix: (id: string) => router.push(`/studio?image=${id}`),
    favourite,
    rate,
  };

  const dock = (
    <GalleryDock acts={acts}>
      <Suspense>
        {!opened && acts.operations.items.length > 0 && <OperationsPanel operations={acts.operations} />}
      </Suspense>
      <Suspense>
        {selecting && !opened && shelf && (
          <BulkBar
            count={count}
            total={shelf.total}
            trash={trash}
            collections={collections}
            onAll={selector.all}
            onDelete={removeSelected}
            onRestore={removeSelected}
            onDownload={downloadSelected}
            onCompare={count >= 2 && !selection.all ? () => compare(null) : null}
            onCollect={(chosen) => void acts.collect(shelf, selection, chosen).then((done) => done && stopSelecting())}
            onTakeOut={
              filters.collection
                ? () =>
                    void acts
                      .takeOut(shelf, selection, filters.collection ?? '')
                      .then((done) => done && stopSelecting())
                : null
            }
            onDone={stopSelecting}
          />
        )}
      </Suspense>
    </GalleryDock>
  );

  return (
    <div data-wide className="grid gap-6" onPointerOver={loadLightbox}>
      <FilterBar {...choices} collections={collections} filters={filters} onChange={narrow} />
      {trash && (
        <Suspense>
          <DeletedCollections />
        </Suspense>
      )}
      {filters.collection && (
        <Collections id={filters.collection} items={collections} onGone={() => narrow({ collection: null })} />
      )}
      <div className="flex min-h-10 flex-wrap items-center gap-3 text-sm">
        <p role="status" className="text-ink-2 tabular-nums">
          {shelf && !state.isPending
            ? countFilters(filters) > 0
              ? t('found', { count: shelf.total })
              : t('total', { count: shelf.total })
            : t('looking')}
        </p>
        <span className="ml-auto flex flex-wrap gap-2">
          {shelf && shelf.total > 0 && (
            <Button
              size="sm"
              variant="ghost"
              aria-pressed={selecting}
              onClick={() => (selecting ? stopSelecting() : selector.start())}
            >
              <SquareCheck aria-hidden="true" /> {selecting ? t('stopSelecting') : t('select')}
            </Button>
          )}
          {shelf && shelf.total > 0 && (
            <LinkButton
              as={Link}
              size="sm"
              variant="ghost"
              href={page === null ? writePage('/gallery', { ...filters, page: 1 }) : `/gallery${query}`}
            >
              {page === null ? t('showAsPages') : t('showEndless')}
            </LinkButton>
          )}
        </span>
      </div>
      {Boolean(state.error) && <Notice tone="danger">{failureOf(state.error).message}</Notice>}
      {shelf && shelf.frames.length > 0 && (
        <div aria-busy={state.isPending} className={state.isPending ? 'opacity-60' : undefined}>
          <MasonryList
            ref={list}
            shelf={shelf}
            list={state.list}
            offset={page === null ? 0 : (page - 1) * FIRST}
            details={details}
            acts={tileActs}
            selection={selection}
            selecting={selecting}
            trash={trash}
            active={active}
            hrefOf={(id) => `/gallery/${id}${query}`}
            onReach={state.reach}
            onKey={(event) => handleKey(event, { active, selecting, trash }, keyActs)}
          />
        </div>
      )}
      {shelf && shelf.frames.length === 0 && !state.isPending && (
        <NoPictures filters={filters} page={page} onClear={() => narrow(NO_FILTERS)} />
      )}
      {shelf && <Pager filters={filters} page={page} total={shelf.total} />}
      <NewPill state={state} filters={filters} page={page} quiet={acts.operations.isBusy} />
      {!opened && dock}
      {opened && shelf?.frames.some(([id]) => id === opened) && (
        <Suspense>
          <Lightbox
            id={opened}
            frames={shelf.frames}
            details={details}
            trash={trash}
            info={viewer.info}
            selected={isSelected(selection, opened)}
            dock={dock}
            onInfo={viewer.setInfo}
            onView={viewer.view}
            onClose={viewer.close}
            onFavourite={favourite}
            onRate={(id, rating) => void acts.mark(id, { rating })}
            onDelete={removeOne}
            onDownload={acts.download}
            onCompare={compare}
            onRemix={keyActs.remix}
            onSelect={keyActs.select}
            onUndo={() => void acts.undo()}
          />
        </Suspense>
      )}
    </div>
  );
}
