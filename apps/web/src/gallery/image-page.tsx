'use client';

import { Button, cn, IconButton, LinkButton, Notice } from '@pixgen/ui';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowLeft, ChevronLeft, ChevronRight, Columns2, Download, Heart, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { readablePrompt } from '@/generation/readable-prompt';
import { mayListen } from '@/keys/registry';
import { useTRPC } from '@/trpc/client';
import { filterInput, type GalleryFilters, writeFilters } from './filters';
import { isTyping } from './keys';
import { Print } from './print';
import { Recipe } from './recipe';
import { useImageActs } from './use-image-acts';

/** One picture, large, with its recipe; arrows walk through the list it was opened from. */
export function ImagePage({ id, filters }: { id: string; filters: GalleryFilters }) {
  const t = useTranslations('gallery');
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

  const rate = (rating: number | null) => image && acts.rate(image, rating);
  const ratingKeys = Object.fromEntries(
    [0, 1, 2, 3, 4, 5].map((stars) => [
      String(stars),
      deleted ? undefined : () => rate(stars === 0 || stars === image?.rating ? null : stars),
    ]),
  );
  const keys: Record<string, (() => void) | undefined> = {
    ArrowLeft: before ? () => router.replace(path(before)) : undefined,
    ArrowRight: after ? () => router.replace(path(after)) : undefined,
    f: image && !deleted ? () => acts.toggleFavourite(image) : undefined,
    r: () => router.push(`/studio?image=${id}`),
    c: after || before ? () => router.push(comparison) : undefined,
    ...ratingKeys,
    d: () => acts.download(id),
    Escape: () => router.push(`/gallery${query}`),
    Delete: deleted ? undefined : remove,
  };
  useKeys(keys);
  if (!image) return null;

  function remove() {
    acts.remove([id], () => setDeletedNow(true));
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
              <Button
                size="sm"
                busy={acts.busy}
                onClick={() => void acts.restore([id]).then(() => setDeletedNow(false))}
              >
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
            alt={readablePrompt(image.prompt)}
            thumbhash={image.thumbhash}
            width={image.width}
            height={image.height}
            sizes="(min-width: 64rem) 60vw, 100vw"
            priority
            className={cn('h-auto w-full rounded-print', deleted && 'opacity-50')}
          />
        </div>
      </div>
      <aside aria-label={t('recipe')} className="grid content-start gap-6 lg:row-span-2">
        <Recipe image={image} heading="h1" onRate={rate} />
      </aside>
      <div className="flex flex-wrap gap-2 lg:col-start-1">
        {!deleted && (
          <>
            <Button aria-pressed={image.favourite} onClick={() => acts.toggleFavourite(image)}>
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

/** Single keys, unless someone types. */
function useKeys(keys: Record<string, (() => void) | undefined>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (mayListen(event.key)) keys[event.key]?.();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });
}
