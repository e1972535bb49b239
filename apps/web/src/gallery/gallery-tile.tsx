'use client';

import type { ImageView } from '@pixgen/domain';
import { cn } from '@pixgen/ui';
import { Check, Heart } from 'lucide-react';
import Link from 'next/link';
import { readablePrompt } from '@/generation/readable-prompt';
import { Print } from './print';
import { shapeOf } from './print-link';

type Props = {
  image: ImageView;
  query: string;
  selecting: boolean;
  selected: boolean;
  onSelect: () => void;
  onFavourite: () => void;
};

/** A picture of the gallery: opens, or is ticked while selecting; `f` marks it as a favourite. */
export function GalleryTile({ image, query, selecting, selected, onSelect, onFavourite }: Props) {
  const prompt = readablePrompt(image.prompt);
  const print = (
    <Print
      src={`/i/${image.id}`}
      alt={prompt}
      width={image.width}
      height={image.height}
      sizes="(min-width: 48rem) 320px, 45vw"
      className={cn(
        'h-full w-full object-cover transition-[transform,opacity] duration-300',
        selected && 'scale-[0.94] rounded-print',
      )}
    />
  );
  return (
    <li
      style={shapeOf(image)}
      className={cn('group relative min-w-0 overflow-hidden rounded-print', selected && 'bg-accent')}
      onKeyDown={(event) => {
        if (event.key === 'f' && !event.ctrlKey && !event.metaKey && !event.altKey) onFavourite();
        if (event.key === 'x') onSelect();
      }}
    >
      {selecting ? (
        <label className="block h-full">
          <input
            type="checkbox"
            checked={selected}
            onChange={onSelect}
            className="peer absolute inset-0 z-10 size-full cursor-pointer opacity-0"
            aria-label={`Select: ${prompt}`}
          />
          {print}
          <span
            className={cn(
              'absolute top-2 left-2 grid size-6 place-items-center rounded-full border-2 border-white bg-black/35 text-transparent peer-focus-visible:outline-2 peer-focus-visible:outline-accent',
              selected && 'bg-accent text-accent-ink',
            )}
          >
            <Check aria-hidden="true" className="size-4" strokeWidth={3} />
          </span>
        </label>
      ) : (
        <>
          <Link href={`/gallery/${image.id}${query}`} className="block h-full">
            {print}
          </Link>
          {!image.deletedAt && (
            <button
              type="button"
              aria-label={`Favourite: ${prompt}`}
              aria-pressed={image.favourite}
              onClick={onFavourite}
              className={cn(
                'absolute top-1.5 right-1.5 grid size-8 place-items-center rounded-full text-white transition-opacity [filter:drop-shadow(0_1px_2px_rgb(0_0_0/.6))] focus-visible:opacity-100 group-focus-within:opacity-100 group-hover:opacity-100',
                !image.favourite && 'pointer-fine:opacity-0',
              )}
            >
              <Heart aria-hidden="true" className={cn('size-[1.15rem]', image.favourite && 'fill-current')} />
            </button>
          )}
        </>
      )}
    </li>
  );
}
