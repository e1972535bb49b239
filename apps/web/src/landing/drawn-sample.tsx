import { ArrowRight } from 'lucide-react';
import { useTranslations } from 'next-intl';
import photo1 from './robot/photo-1.webp';
import photo2 from './robot/photo-2.webp';
import photo3 from './robot/photo-3.webp';
import photo4 from './robot/photo-4.webp';
import picture1 from './robot/picture-1.webp';
import picture2 from './robot/picture-2.webp';
import picture3 from './robot/picture-3.webp';
import picture4 from './robot/picture-4.webp';

const PHOTOS = [photo1, photo2, photo3, photo4];
const PICTURES = [picture1, picture2, picture3, picture4];

/** What the built-in base model makes of drawn photos: tiles of its own sheet in gpu/docs/tiny/robot.webp. */
export function DrawnSample() {
  const t = useTranslations('landing');
  return (
    <section
      className="mx-auto grid max-w-6xl items-center gap-x-10 gap-y-8 px-5 pt-20 sm:px-8 lg:grid-cols-[1fr_auto_1fr]"
      aria-labelledby="sample-title"
    >
      <h2 id="sample-title" className="font-display text-4xl tracking-[-0.02em] lg:col-span-3">
        {t('whatComesOfIt')}
      </h2>
      <Tiles images={PHOTOS} caption={t('sample.photos')} />
      <ArrowRight aria-hidden="true" className="size-8 text-accent max-lg:rotate-90 max-lg:justify-self-center" />
      <Tiles images={PICTURES} caption={t('sample.pictures')} />
    </section>
  );
}

function Tiles({ images, caption }: { images: readonly { src: string }[]; caption: string }) {
  return (
    <figure className="grid gap-3">
      <div className="grid grid-cols-4 gap-2">
        {images.map(({ src }) => (
          <img
            key={src}
            src={src}
            alt=""
            width={128}
            height={128}
            loading="lazy"
            className="aspect-square w-full rounded-print"
          />
        ))}
      </div>
      <figcaption className="max-w-[52ch] text-ink-2 text-sm">{caption}</figcaption>
    </figure>
  );
}
