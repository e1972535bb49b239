'use client';

import { cn } from '@pixgen/ui';
import { ImageOff } from 'lucide-react';
import Image from 'next/image';
import { useState } from 'react';

type PrintProps = {
  /** `/i/{id}`, `/p/{id}` or `/s/{id}`. */
  src: string;
  alt: string;
  width: number;
  height: number;
  sizes: string;
  className?: string;
  priority?: boolean;
};

/** A picture at its known size: no layout moves, it comes up when it has arrived, and can be fetched again. */
export function Print({ src, alt, width, height, sizes, className, priority = false }: PrintProps) {
  const [state, setState] = useState<'waiting' | 'shown' | 'broken'>('waiting');
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
        Fetch the picture again
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
      onError={() => setState('broken')}
      className={cn('bg-sunken', state === 'shown' && 'animate-develop', className)}
    />
  );
}
