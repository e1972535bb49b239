'use client';

import type { ImageFrame } from '@pixgen/domain';
import { cn } from '@pixgen/ui';
import { Check, Heart, ImageOff, Star } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type CSSProperties, type MouseEvent, memo, useState, useSyncExternalStore } from 'react';
import { useReadable } from '@/generation/readable-prompt';
import type { DetailStore } from './detail-store';
import { Print } from './print';

/** What a tile can ask for. The same object for all tiles, so that none is drawn again for it. */
export type TileActs = {
  open: (id: string) => void;
  select: (id: string, upTo: boolean) => void;
  favourite: (id: string) => void;
  focus: (id: string) => void;
};

type Props = {
  frame: ImageFrame;
  index: number;
  total: number;
  href: string;
  details: DetailStore;
  acts: TileActs;
  /** The one tile that the Tab key reaches. */
  active: boolean;
  selected: boolean;
  selecting: boolean;
  trash: boolean;
  /** In the document because it is near the window. */
  near: boolean;
  className?: string;
  style: CSSProperties;
};

/** Constant, whatever the window: the picture that the server chose is not fetched again in another size. */
const SIZES = '(min-width: 150rem) 430px, (min-width: 80rem) 210px, (min-width: 48rem) 230px, 46vw';

/**
 * Signs that come with the pointer or the keyboard. Hidden and not transparent: of what is transparent each is a layer of its
 * own for the browser, and there are a hundred of them.
 */
const ON_HOVER = 'pointer-fine:invisible group-focus-within:visible group-hover:visible';

/** A picture of the gallery: a link, with a mark and a tick for the pointer; keys are handled by the list around it. */
export const GalleryTile = memo(function GalleryTile(props: Props) {
  const t = useTranslations('gallery');
  const readable = useReadable();
  const { frame, index, total, href, details, acts, active, selected, selecting, trash, near } = props;
  const [id, width, height] = frame;
  const read = () => details.get(id);
  const image = useSyncExternalStore(details.subscribe, read, read);
  const [broken, setBroken] = useState(false);
  const prompt = image ? readable(image.prompt) : t('picture');

  function click(event: MouseEvent) {
    // Another tab or window is the browser's to open.
    if (event.ctrlKey || event.metaKey || event.button !== 0) return;
    event.preventDefault();
    if (event.shiftKey || selecting) acts.select(id, event.shiftKey);
    else acts.open(id);
  }

  return (
    <li
      aria-setsize={total}
      aria-posinset={index + 1}
      style={props.style}
      className={cn('group overflow-hidden rounded-print bg-sunken', selected && 'bg-accent', props.className)}
    >
      {broken ? (
        <button
          type="button"
          data-tile={id}
          tabIndex={active ? 0 : -1}
          onFocus={() => acts.focus(id)}
          onClick={() => setBroken(false)}
          className="grid size-full place-content-center justify-items-center gap-2 p-2 text-ink-2 text-xs"
        >
          <ImageOff aria-hidden="true" className="size-5" />
          {t('fetchThePictureAgain')}
        </button>
      ) : (
        <a
          href={href}
          data-tile={id}
          tabIndex={active ? 0 : -1}
          onClick={click}
          onFocus={() => acts.focus(id)}
          className="block size-full -outline-offset-2 focus-visible:outline-[3px]"
        >
          <Print
            src={`/i/${id}`}
            alt={prompt}
            width={width}
            height={height}
            sizes={SIZES}
            thumbhash={image?.thumbhash ?? null}
            priority={index < 4}
            develops={false}
            near={near}
            onBroken={() => setBroken(true)}
            className={cn('size-full object-cover', selected && 'scale-[0.92] rounded-print')}
          />
          <span className="sr-only">
            {image?.favourite && t('tile.favourite')}
            {image?.rating && t('tile.rated', { rating: image.rating })}
            {selected && t('tile.selected')}
          </span>
        </a>
      )}
      <button
        type="button"
        tabIndex={-1}
        aria-label={t('tile.select', { prompt })}
        aria-pressed={selected}
        onClick={(event) => acts.select(id, event.shiftKey)}
        className="absolute top-1.5 left-1.5 grid size-8 place-items-center rounded-full"
      >
        <span
          className={cn(
            'grid size-6 place-items-center rounded-full border-2 border-white bg-black/35 text-transparent',
            !selecting && !selected && ON_HOVER,
            selected && 'bg-accent text-accent-ink',
          )}
        >
          <Check aria-hidden="true" className="size-4" strokeWidth={3} />
        </span>
      </button>
      {!trash && !selecting && (
        <button
          type="button"
          tabIndex={-1}
          aria-label={t('tile.mark', { prompt })}
          aria-pressed={image?.favourite ?? false}
          onClick={() => acts.favourite(id)}
          className="absolute top-1.5 right-1.5 grid size-8 place-items-center rounded-full"
        >
          <span
            className={cn(
              'grid size-6 place-items-center rounded-full bg-black/35 text-white',
              !image?.favourite && ON_HOVER,
            )}
          >
            <Heart aria-hidden="true" className={cn('size-4', image?.favourite && 'fill-current')} />
          </span>
        </button>
      )}
      {image?.rating && (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute bottom-1.5 left-1.5 flex items-center gap-1 rounded-full bg-black/55 px-2 py-0.5 text-white text-xs tabular-nums"
        >
          <Star className="size-3 fill-current" /> {image.rating}
        </span>
      )}
    </li>
  );
});
