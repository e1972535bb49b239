'use client';

import { cn } from '@pixgen/ui';
import { ImageOff } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type CSSProperties, useState, useSyncExternalStore } from 'react';
import { isDelivered, srcSetOf } from './src-set';
import { colourOf, drawThumbhash } from './thumbhash';

type PrintProps = {
  /** `/i/{id}`, `/p/{id}` or `/s/{id}`. */
  src: string;
  alt: string;
  width: number;
  height: number;
  sizes: string;
  /** Shown blurred until the picture has arrived. */
  thumbhash?: string | null;
  className?: string;
  priority?: boolean;
  /** Comes up like a print in its bath. Not where many come at once: blurring each costs a scroll its smoothness. */
  develops?: boolean;
  /** Known to be near the window: fetched at once and drawn in one go, as each further drawing costs a scroll its smoothness. */
  near?: boolean;
  /** Told when the picture does not come; nothing is drawn then. Without it a button fetches it again. */
  onBroken?: () => void;
};

/** A picture at its known size: no layout moves, it comes up when it has arrived, and can be fetched again. */
export function Print(props: PrintProps) {
  const t = useTranslations('shell');
  const {
    src,
    alt,
    width,
    height,
    sizes,
    thumbhash = null,
    className,
    priority = false,
    develops = true,
    near = false,
    onBroken,
  } = props;
  const [state, setState] = useState<'waiting' | 'shown' | 'broken'>('waiting');
  const inBrowser = useSyncExternalStore(
    () => () => undefined,
    () => true,
    () => false,
  );
  // The placeholder goes: under the picture it would be drawn again whenever something beside it is.
  const show = () => setState('shown');
  const fail = () => {
    setState('broken');
    onBroken?.();
  };
  // What arrived, or failed, before React was there to hear of it.
  const settle = (image: HTMLImageElement | null) => {
    if (!image?.complete) return;
    if (image.naturalWidth > 0) show();
    else fail();
  };
  if (state === 'broken' && onBroken) return null;
  if (state === 'broken') {
    return (
      <button
        type="button"
        onClick={() => setState('waiting')}
        className={cn(
          'grid place-content-center justify-items-center gap-2 bg-sunken p-2 text-ink-2 text-xs',
          className,
        )}
        style={{ aspectRatio: `${width} / ${height}` }}
      >
        <ImageOff aria-hidden="true" className="size-5" />
        {t('fetchThePictureAgain')}
      </button>
    );
  }
  return (
    <img
      ref={settle}
      // Before `src`: a browser that learns of them later fetches twice.
      sizes={sizes}
      srcSet={isDelivered(src) ? srcSetOf(src, width) : undefined}
      src={src}
      alt={alt}
      width={width}
      height={height}
      loading={priority || near ? 'eager' : 'lazy'}
      fetchPriority={priority ? 'high' : 'auto'}
      decoding={near ? 'sync' : 'async'}
      draggable={false}
      onLoad={show}
      onError={fail}
      style={state === 'waiting' && thumbhash ? placeholder(thumbhash, inBrowser) : undefined}
      className={cn(
        'bg-sunken text-transparent',
        develops && state === 'shown' && !thumbhash && 'animate-develop',
        className,
      )}
    />
  );
}

function placeholder(thumbhash: string, inBrowser: boolean): CSSProperties {
  if (!inBrowser) return { backgroundColor: colourOf(thumbhash) };
  return { backgroundImage: `url("${drawThumbhash(thumbhash)}")`, backgroundSize: '100% 100%' };
}
