import type { ImageView } from '@pixgen/domain';
import Link from 'next/link';
import type { CSSProperties } from 'react';
import { useReadable } from '@/generation/readable-prompt';
import { Print } from './print';

/** The shape of one place in a justified row. */
export function shapeOf(image: Pick<ImageView, 'width' | 'height'>): CSSProperties {
  return { ['--shape' as string]: (image.width / image.height).toFixed(4) };
}

/** A picture that opens its page. */
export function PrintLink({ image, query = '' }: { image: ImageView; query?: string }) {
  const readable = useReadable();
  return (
    <li style={shapeOf(image)} className="min-w-0">
      <Link href={`/gallery/${image.id}${query}`} className="block h-full overflow-hidden rounded-print">
        <Print
          src={`/i/${image.id}`}
          alt={readable(image.prompt)}
          thumbhash={image.thumbhash}
          width={image.width}
          height={image.height}
          sizes="(min-width: 48rem) 280px, 45vw"
          className="h-full w-full object-cover transition-transform duration-500 ease-out hover:scale-[1.02]"
        />
      </Link>
    </li>
  );
}
