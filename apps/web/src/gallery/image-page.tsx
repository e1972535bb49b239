'use client';

import { Button, cn, IconButton, LinkButton, Notice } from '@pixgen/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowLeft, ChevronLeft, ChevronRight, Columns2, Download, Heart, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';
import { useReadable } from '@/generation/readable-prompt';
import { meantKey } from '@/keys/meant-key';
import { useTRPC } from '@/trpc/client';
import { filterInput, type GalleryFilters, writeFilters } from './filters';
import { isTyping } from './keys';
import { Print } from './print';
import { Recipe } from './recipe';
import { leaveSelected } from './selected-elsewhere';
import { useImageActs } from './use-image-acts';

/** One picture, large, with its recipe; arrows walk through the list it was opened from. */
export function ImagePage({ id, filters }: { id: string; filters: GalleryFilters }) {
  const t = useTranslations('gallery');
  const readable = useReadable();
  const router = useRouter();
  const trpc = useTRPC();
  const acts = useImageActs();
  const image = useQuery(trpc.images.get.queryOptions({ id })).data;
  const query = writeFilters('', filters);
  const neighbours = useQuery({
    ...trpc.images.neighbours.queryOptions({ ...filterInput(filters), id }),
    placeholderData: keepPreviousData,
  });
  const { before, after } = neighbours.isPlaceholderData ? NOWHERE : (neighbours.data ?? NOWHERE);
  const comparison = `/compare?a=${id}&b=${after ?? before}`;
  const path = (to: string) => `/gallery/${to}${query}`;
  const [deletedNow, setDeletedNow] = useState(false);
  const deleted = image?.deletedAt !== null || deletedNow;

  const recipe = useRef<HTMLElement>(null);
  /** What takes the last act on this page back. */
  const [undos, setUndos] = useState<readonly (() => void)[]>([]);
  const remember = (undo: () => void) => setUndos((old) => [...old, undo].slice(-MAX_UNDO));
  const rate = (rating: number | null) => {
    if (!image) return;
    acts.rate(image, rating);
    remember(() => acts.rate(image, image.rating));
  };
  const toggleFavourite = () => {
    if (!image) return;
    acts.toggleFavourite(image);
    remember(() => acts.toggleFavourite({ ...image, favourite: !image.favourite }));
  };
  const restore = () => void acts.restore([id]).then(() => setDeletedNow(false));
  const ratingKeys = Object.fromEntries(
    [0, 1, 2, 3, 4, 5].map((stars) => [
      String(stars),
      deleted ? undefined : () => rate(stars === 0 || stars === image?.rating ? null : stars),
    ]),
  );
  const keys: Record<string, (() => void) | undefined> = {
    ArrowLeft: before ? () => router.replace(path(before)) : undefined,
    ArrowRight: after ? () => router.replace(path(after)) : undefined,
    f: image && !deleted ? toggleFavourite : undefined,
    r: () => router.push(`/studio?image=${id}`),
    c: after || before ? () => router.push(comparison) : undefined,
    ...ratingKeys,
    d: () => acts.download(id),
    // The recipe stands beside the picture: the keyboard goes there.
    i: () => recipe.current?.focus(),
    x: () => {
      leaveSelected(id);
      router.push(`/gallery${query}`);
    },
    // As above the gallery, where it opened the picture.
    ' ': () => router.push(`/gallery${query}`),
    Escape: () => router.push(`/gallery${query}`),
    Delete: deleted ? undefined : remove,
  };
  useKeys(keys, () => {
    undos.at(-1)?.();
    setUndos(undos.slice(0, -1));
  });
  if (!image) return null;

  function remove() {
    acts.remove([id], () => {
      setDeletedNow(true);
      remember(restore);
    });
  }

  return (
    <article aria-label={t('picture')} className="grid gap-8 lg:grid-cols-[minmax(0,1fr)_19rem]">
      <div className="grid content-start gap-4">
        <div className="flex items-center justify-between gap-2">
          <LinkButton as={Link} href={`/gallery${query}`} variant="ghost" size="sm">
            <ArrowLeft aria-hidden="true" /> {t('gallery')}
          </LinkButton>
          <div className="flex gap-1">
            <Arrow to={before ? path(before) : null} label={t('previousPicture')} left />
            <Arrow to={after ? path(after) : null} label={t('nextPicture')} />
          </div>
        </div>
        {deleted && (
          <Notice
            tone="warn"
            title={t('thisPictureIsInThe')}
            action={
              <Button size="sm" busy={acts.busy} onClick={restore}>
                {t('undo')}
              </Button>
            }
          >
            {t('itCanBeBroughtBack')}
          </Notice>
        )}
        {acts.error && <Notice tone="danger">{acts.error}</Notice>}
        {/* As large as the window allows; a small picture is not blown up beyond recognition. */}
        <div
          className="mx-auto w-full"
          style={{ maxWidth: `min(78dvh * ${image.width / image.height}, ${Math.max(512, image.width * 2)}px)` }}
        >
          <Print
            key={image.id}
            src={`/i/${image.id}`}
            alt={readable(image.prompt)}
            thumbhash={image.thumbhash}
            width={image.width}
            height={image.height}
            sizes="(min-width: 64rem) 60vw, 100vw"
            priority
            className={cn('h-auto w-full rounded-print', deleted && 'opacity-50')}
          />
        </div>
      </div>
      <aside ref={recipe} tabIndex={-1} aria-label={t('recipe')} className="grid content-start gap-6 lg:row-span-2">
        <Recipe image={image} heading="h1" onRate={rate} />
      </aside>
      <div className="flex flex-wrap gap-2 lg:col-start-1">
        {!deleted && (
          <>
            <Button aria-pressed={image.favourite} onClick={toggleFavourite}>
              <Heart aria-hidden="true" className={image.favourite ? 'fill-accent text-accent' : ''} />
              {image.favourite ? t('favourite') : t('addToFavourites')}
            </Button>
            <Button onClick={() => acts.download(id)}>
              <Download aria-hidden="true" /> {t('download')}
            </Button>
            {(after || before) && (
              <LinkButton as={Link} href={comparison}>
                <Columns2 aria-hidden="true" /> {t('compare')}
              </LinkButton>
            )}
            <Button variant="quietDanger" busy={acts.busy} onClick={remove} className="sm:ml-auto">
              <Trash2 aria-hidden="true" /> {t('delete')}
            </Button>
          </>
        )}
      </div>
    </article>
  );
}

function Arrow({ to, label, left = false }: { to: string | null; label: string; left?: boolean }) {
  const icon = left ? <ChevronLeft aria-hidden="true" /> : <ChevronRight aria-hidden="true" />;
  if (!to) {
    return (
      <IconButton label={label} disabled>
        {icon}
      </IconButton>
    );
  }
  // Fetched whole ahead of time, for the keys too: walking on shows pictures, not a page that loads.
  return (
    <LinkButton as={Link} href={to} replace prefetch aria-label={label} title={label} variant="ghost" size="icon">
      {icon}
    </LinkButton>
  );
}

const NOWHERE = { before: null, after: null };
const MAX_UNDO = 20;

/** Single keys, unless someone types. */
function useKeys(keys: Record<string, (() => void) | undefined>, undo: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.altKey || isTyping(event.target)) return;
      if (event.ctrlKey || event.metaKey) {
        if (event.key === 'z') undo();
        return;
      }
      // On a button it presses the button.
      if (event.key === ' ' && event.target instanceof HTMLButtonElement) return;
      const key = meantKey(event.key);
      const act = key === null ? undefined : keys[key];
      if (!act) return;
      // A browser scrolls by Space, and searches by some of the characters that a person may have chosen.
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });
}
