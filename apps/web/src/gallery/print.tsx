'use client';

import { cn } from '@pixgen/ui';
import { ImageOff } from 'lucide-react';
import Image from 'next/image';
import { useTranslations } from 'next-intl';
import { type CSSProperties, useState, useSyncExternalStore } from 'react';
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
  /** Told when the picture does not come; nothing is drawn then. Without it a button fetches it again. */
  onBroken?: () => void;
};

/** A picture at its known size: no layout moves, it comes up when it has arrived, and can be fetched again. */
export function Print(props: PrintProps) {
  const t = useTranslations('shell');
  const { src, alt, width, height, sizes, thumbhash = null, className, priority = false, onBroken } = props;
  const [state, setState] = useState<'waiting' | 'shown' | 'broken'>('waiting');
  const inBrowser = useSyncExternalStore(
    () => () => undefined,
    () => true,
    () => false,
  );
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
    <Image
      src={src}
      alt={alt}
      width={width}
      height={height}
      sizes={sizes}
      priority={priority}
      draggable={false}
      onLoad={() => setState('shown')}
      onError={() => {
        setState('broken');
        onBroken?.();
      }}
      style={state === 'waiting' && thumbhash ? placeholder(thumbhash, inBrowser) : undefined}
      className={cn('bg-sunken', state === 'shown' && !thumbhash && 'animate-develop', className)}
    />
  );
}

function placeholder(thumbhash: string, inBrowser: boolean): CSSProperties {
  if (!inBrowser) return { backgroundColor: colourOf(thumbhash) };
  return { backgroundImage: `url("${drawThumbhash(thumbhash)}")`, backgroundSize: '100% 100%' };
}
