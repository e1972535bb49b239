'use client';

import { Button, EmptyState, LinkButton, Notice } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import { Sparkles, SquareCheck, Undo2, X } from 'lucide-react';
import Link from 'next/link';
import { usePathname, useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useQueryStates } from 'nuqs';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type KeyboardEvent, lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { mayListen } from '@/keys/registry';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { Collections } from './collections';
import { FilterBar, type FilterChoices } from './filter-bar';
import {
  countFilters,
  filterInput,
  filterParsers,
  type GalleryFilters,
  NO_FILTERS,
  pageParser,
  writeFilters,
  writePage,
} from './filters';
import type { TileActs } from './gallery-tile';
import { isTyping } from './keys';
import { type MasonryHandle, MasonryList } from './masonry-list';
import { Pager } from './pager';
import { countSelected, EVERYTHING, isSelected, NOTHING, range, type Selection, toggle } from './selection';
import { nextFocus } from './shelf';
import { FIRST } from './shelf-query';
import { useGalleryActs } from './use-gallery-acts';
import { useShelf } from './use-shelf';

// Fetched when the first picture is opened, or comes near to it.
const loadLightbox = () => import('./lightbox');
const Lightbox = lazy(loadLightbox);
const BulkBar = lazy(async () => ({ default: (await import('./bulk-bar')).BulkBar }));
const OperationsPanel = lazy(async () => ({ default: (await import('./operations-panel')).OperationsPanel }));

const STATE = { ...filterParsers, page: pageParser };
const OPEN = /^\/gallery\/([0-9a-f-]{36})$/;

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
  const pathname = usePathname();
  const trpc = useTRPC();
  const state = useShelf(filters, page);
  const { shelf, details } = state;
  const acts = useGalleryActs(state, filters);
  const collections = useQuery(trpc.collections.list.queryOptions()).data?.items ?? [];
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [selecting, setSelecting] = useState(false);
  const [active, setActive] = useState<string | null>(null);
  const [info, setInfo] = useState(true);
  const list = useRef<MasonryHandle>(null);
  const trash = filters.show === 'trash';
  const [viewing, setViewing] = useState<string | null>(null);
  const addressed = OPEN.exec(pathname)?.[1] ?? null;
  // The address follows a moment later than what is seen.
  const opened = addressed && (viewing ?? addressed);
  const query = writeFilters('', filters);
  const count = shelf ? countSelected(selection, shelf.total) : 0;

  // Phones have no room for the recipe beside the picture.
  useEffect(() => setInfo(window.matchMedia('(min-width: 64rem)').matches), []);

  // Where a range begins: not the active picture, which a click has already changed.
  const rangeFrom = useRef<string | null>(null);
  const stopSelecting = useCallback(() => {
    rangeFrom.current = null;
    setSelecting(false);
    setSelection(NOTHING);
  }, []);
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

  /** The lightbox has an address but is no navigation: what lies below stays as it is. */
  const open = useCallback(
    (id: string) => {
      setActive(id);
      setViewing(id);
      window.history.pushState({ fromGallery: true }, '', `/gallery/${id}${query}`);
    },
    [query],
  );
  const view = useCallback(
    (id: string) => {
      setActive(id);
      setViewing(id);
      if (shelf && shelf.frames.findIndex((frame) => frame[0] === id) > shelf.frames.length - 50)
        state.reach(shelf.frames.length + 1);
      window.history.replaceState(window.history.state, '', `/gallery/${id}${query}`);
    },
    [query, shelf, state.reach],
  );
  // The viewer gives the keyboard back to where it came from; it belongs to the picture that was seen last.
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !opened && active) list.current?.focusTile(active);
    wasOpen.current = opened !== null;
  }, [opened, active]);

  const select = useCallback(
    (id: string, upTo: boolean) => {
      const from = rangeFrom.current ?? active;
      setSelecting(true);
      setActive(id);
      if (upTo && shelf && from && from !== id) {
        rangeFrom.current = from;
        setSelection((old) => range(ensure(old, from), shelf.frames, from, id));
      } else {
        rangeFrom.current = id;
        setSelection((old) => toggle(old, id));
      }
    },
    [active, shelf],
  );
  const favourite = useCallback(
    (id: string) => void acts.mark(id, { favourite: !details.get(id)?.favourite }),
    [acts.mark, details],
  );
  const tileActs = useMemo<TileActs>(() => ({ open, select, favourite, focus: setActive }), [open, select, favourite]);

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
    if (opened) next ? view(next) : window.history.back();
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

  function onKey(event: KeyboardEvent) {
    if (isTyping(event.target) || event.altKey) return;
    const onTile = event.target instanceof HTMLElement && event.target.hasAttribute('data-tile');
    const act = event.ctrlKey || event.metaKey ? withControl(event.key) : single(event.key, onTile);
    if (!act) return;
    event.preventDefault();
    act();
  }
  function withControl(key: string): (() => void) | null {
    if (key === 'z') return () => void acts.undo();
    if (key === 'a' && shelf) return selectAll;
    return null;
  }
  function selectAll() {
    setSelecting(true);
    setSelection(EVERYTHING);
  }
  function single(key: string, onTile: boolean): (() => void) | null {
    if (key === 'Escape' && selecting) return stopSelecting;
    if (!active || !mayListen(key)) return null;
    // On the buttons of a tile it presses them.
    if (key === ' ') return onTile ? () => open(active) : null;
    if (key === 'x') return () => select(active, false);
    if (key === 'Delete' || key === 'Backspace') return () => (count > 0 ? removeSelected() : removeOne(active));
    if (key === 'd') return () => (count > 0 ? downloadSelected() : acts.download(active));
    if (key === 'c') return () => compare(active);
    if (key === 'i') {
      return () => {
        setInfo(true);
        open(active);
      };
    }
    if (trash) return null;
    if (key === 'r') return () => router.push(`/studio?image=${active}`);
    if (key === 'f') return () => favourite(active);
    if (/^[0-5]$/.test(key)) {
      const rating = Number(key);
      return () =>
        void acts.mark(active, { rating: rating === 0 || details.get(active)?.rating === rating ? null : rating });
    }
    return null;
  }

  const dock = (
    <div className="pointer-events-none fixed inset-x-3 bottom-20 z-40 mx-auto grid max-w-3xl justify-items-center gap-2 *:pointer-events-auto lg:bottom-6">
      {acts.error && (
        <Notice
          tone="danger"
          className="w-full shadow-lift"
          action={
            <Button size="sm" onClick={acts.dismissError}>
              {t('dismiss')}
            </Button>
          }
        >
          {acts.error}
        </Notice>
      )}
      {acts.lastUndo && (
        <div
          role="status"
          className="flex items-center gap-2 rounded-full border border-line bg-surface py-1.5 pr-1.5 pl-4 text-ink text-sm shadow-lift"
        >
          {acts.lastUndo}
          <Button size="sm" busy={acts.undoing} onClick={() => void acts.undo()} className="rounded-full">
            <Undo2 aria-hidden="true" /> {t('undo')}
          </Button>
          <Button
            size="iconSm"
            variant="ghost"
            aria-label={t('dismiss')}
            onClick={acts.forgetUndo}
            className="rounded-full"
          >
            <X aria-hidden="true" />
          </Button>
        </div>
      )}
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
            onAll={selectAll}
            onDelete={removeSelected}
            onRestore={removeSelected}
            onDownload={downloadSelected}
            onCompare={count >= 2 && !selection.all ? () => compare(null) : null}
            onCollect={(chosen) => void acts.collect(shelf, selection, chosen).then((done) => done && stopSelecting())}
            onDone={stopSelecting}
          />
        )}
      </Suspense>
    </div>
  );

  return (
    <div className="grid gap-6" onPointerOver={loadLightbox}>
      <FilterBar {...choices} collections={collections} filters={filters} onChange={narrow} />
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
              onClick={() => (selecting ? stopSelecting() : setSelecting(true))}
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
            onKey={onKey}
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
            info={info}
            dock={dock}
            onInfo={setInfo}
            onView={view}
            onClose={() => window.history.back()}
            onFavourite={favourite}
            onRate={(id, rating) => void acts.mark(id, { rating })}
            onDelete={removeOne}
            onDownload={acts.download}
            onCompare={compare}
            onUndo={() => void acts.undo()}
          />
        </Suspense>
      )}
    </div>
  );
}

/** A range begins with a picture that is selected. */
function ensure(selection: Selection, id: string): Selection {
  return isSelected(selection, id) ? selection : toggle(selection, id);
}

/** What came meanwhile waits here: the list moves only when one asks for it. */
function NewPill(props: {
  state: ReturnType<typeof useShelf>;
  filters: GalleryFilters;
  page: number | null;
  quiet: boolean;
}) {
  const t = useTranslations('gallery');
  const { state } = props;
  const trpc = useTRPC();
  const count = useQuery({
    ...trpc.images.count.queryOptions(filterInput(props.filters)),
    staleTime: 0,
    refetchInterval: 60_000,
  }).data;
  const [busy, setBusy] = useState(false);
  const { shelf } = state;
  // A count that is older than the shelf knows less than the shelf.
  const fresh = count && shelf && count.readAt > shelf.readAt ? count.total - shelf.total : 0;
  if (fresh <= 0 || props.quiet || state.isPending || (props.page !== null && props.page > 1)) return null;
  async function show() {
    setBusy(true);
    await state.restart();
    setBusy(false);
    window.scrollTo({ top: 0, behavior: 'instant' });
  }
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 top-4 z-30 flex justify-center">
      <Button
        variant="primary"
        busy={busy}
        onClick={show}
        className="pointer-events-auto animate-rise rounded-full shadow-lift"
      >
        <Sparkles aria-hidden="true" /> {t('new', { fresh })}
      </Button>
    </div>
  );
}

function NoPictures({ filters, page, onClear }: { filters: GalleryFilters; page: number | null; onClear: () => void }) {
  const t = useTranslations('gallery');
  if (page !== null && page > 1) {
    return (
      <EmptyState
        title={t('thereIsNoSuchPage')}
        action={
          <LinkButton as={Link} href={writePage('/gallery', { ...filters, page: 1 })}>
            {t('toTheFirstPage')}
          </LinkButton>
        }
      >
        {t('theListIsShorterThan')}
      </EmptyState>
    );
  }
  if (countFilters(filters) > 0) {
    return (
      <EmptyState title={t('nothingMatches')} action={<Button onClick={onClear}>{t('showAllPictures')}</Button>}>
        {t('noPictureFitsTheseFilters')}
      </EmptyState>
    );
  }
  if (filters.show === 'trash') {
    return <EmptyState title={t('theTrashIsEmpty')}>{t('deletedPicturesStayHereFor')}</EmptyState>;
  }
  return (
    <EmptyState
      title={t('noPicturesYet')}
      action={
        <LinkButton as={Link} href="/studio" variant="primary">
          {t('openTheStudio')}
        </LinkButton>
      }
    >
      {t('everythingYouMakeComesTogether')}
    </EmptyState>
  );
}
