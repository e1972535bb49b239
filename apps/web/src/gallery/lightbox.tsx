'use client';

import { DELIVERY_WIDTHS, type ImageFrame, type ImageView } from '@pixgen/domain';
import { Button, cn } from '@pixgen/ui';
import { Columns2, Download, Heart, Info, Shuffle, SquareCheck, Trash2, Undo2, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type ReactNode, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import Viewer, { type SlideImage } from 'yet-another-react-lightbox';
import Zoom from 'yet-another-react-lightbox/plugins/zoom';
import 'yet-another-react-lightbox/styles.css';
import { useReadable } from '@/generation/readable-prompt';
import { type Choosable, keyFor, meantKey } from '@/keys/meant-key';
import type { DetailStore } from './detail-store';
import { isTyping } from './keys';
import { Recipe } from './recipe';
import { drawThumbhash } from './thumbhash';

/** Slides given to the viewer: it would keep an object for each of fifty thousand. */
const AROUND = 60;
const EDGE = 10;

export type LightboxProps = {
  id: string;
  frames: readonly ImageFrame[];
  details: DetailStore;
  trash: boolean;
  info: boolean;
  selected: boolean;
  /** Notes that belong to the page behind: Undo, errors, progress. */
  dock: ReactNode;
  onInfo: (info: boolean) => void;
  onView: (id: string) => void;
  onClose: () => void;
  onFavourite: (id: string) => void;
  onRate: (id: string, rating: number | null) => void;
  onDelete: (id: string) => void;
  onDownload: (id: string) => void;
  onCompare: (id: string) => void;
  onRemix: (id: string) => void;
  onSelect: (id: string) => void;
  onUndo: () => void;
};

/** One picture, as large as the window: swipe, arrows, zoom; neighbours are fetched ahead. */
export default function Lightbox(props: LightboxProps) {
  const t = useTranslations('gallery');
  const readable = useReadable();
  const { id, frames, details, info, trash } = props;
  const at = Math.max(
    frames.findIndex((frame) => frame[0] === id),
    0,
  );
  const [from, setFrom] = useState(() => Math.max(at - AROUND, 0));
  const needsOther = at < from + (from === 0 ? 0 : EDGE) || at > from + 2 * AROUND - EDGE;
  if (needsOther && Math.max(at - AROUND, 0) !== from) setFrom(Math.max(at - AROUND, 0));
  const slides = useMemo(() => frames.slice(from, from + 2 * AROUND + 1).map(toSlide), [frames, from]);
  const read = () => details.get(id);
  const image = useSyncExternalStore(details.subscribe, read, read);
  useEffect(() => {
    details.want(frames.slice(Math.max(at - 3, 0), at + 4).map((frame) => frame[0]));
  }, [details, frames, at]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isTyping(event.target)) return;
      if (event.ctrlKey || event.metaKey) {
        if (event.key === 'z') props.onUndo();
        return;
      }
      // On a button it presses the button.
      if (event.altKey || (event.key === ' ' && event.target instanceof HTMLButtonElement)) return;
      const key = meantKey(event.key);
      const act = key === null ? null : actOf(key, props, image);
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });

  const tool = (
    label: string,
    key: Choosable | 'Del',
    icon: ReactNode,
    onClick: () => void,
    pressed?: boolean,
    wideOnly = false,
  ) => (
    <button
      key={key}
      type="button"
      aria-label={label}
      aria-pressed={pressed}
      title={`${label} (${key === 'Del' ? key : keyFor(key)})`}
      onClick={onClick}
      className={cn('yarl__button grid place-items-center [&_svg]:size-[1.35rem]', wideOnly && 'max-sm:hidden!')}
    >
      {icon}
    </button>
  );
  return (
    <Viewer
      open
      close={props.onClose}
      index={at - from}
      slides={slides}
      plugins={[Zoom]}
      className={cn('lightbox', info && 'lightbox-info')}
      carousel={{ finite: true, preload: 2, padding: 0, imageProps: (slide) => placeholderOf(slide, details) }}
      animation={{ fade: 150, swipe: 260, navigation: 180 }}
      zoom={{ maxZoomPixelRatio: 4, scrollToZoom: true, doubleClickMaxStops: 2 }}
      controller={{ closeOnPullDown: true, closeOnBackdropClick: true }}
      labels={{
        Previous: t('previousPicture'),
        Next: t('nextPicture'),
        Close: t('close'),
        Lightbox: t('picture'),
        'Photo gallery': t('gallery'),
        'Zoom in': t('zoomIn'),
        'Zoom out': t('zoomOut'),
        // The viewer counts the slides it was given, not the pictures: the status line says which one it is.
        '{index} of {total}': t('picture'),
      }}
      on={{
        view: ({ index }) => {
          const seen = frames[from + index]?.[0];
          if (seen && seen !== id) props.onView(seen);
        },
      }}
      toolbar={{
        buttons: [
          ...(trash
            ? [tool(t('restore'), 'Del', <Undo2 key="i" aria-hidden="true" />, () => props.onDelete(id))]
            : [
                tool(
                  t('favourite'),
                  'favourite',
                  <Heart key="i" aria-hidden="true" className={image?.favourite ? 'fill-current' : ''} />,
                  () => props.onFavourite(id),
                  image?.favourite ?? false,
                ),
                tool(
                  t('remix'),
                  'remix',
                  <Shuffle key="i" aria-hidden="true" />,
                  () => props.onRemix(id),
                  undefined,
                  true,
                ),
                tool(t('compare'), 'compare', <Columns2 key="i" aria-hidden="true" />, () => props.onCompare(id)),
                tool(t('download'), 'download', <Download key="i" aria-hidden="true" />, () => props.onDownload(id)),
                tool(t('delete'), 'Del', <Trash2 key="i" aria-hidden="true" />, () => props.onDelete(id)),
              ]),
          tool(
            t('select'),
            'select',
            <SquareCheck key="i" aria-hidden="true" />,
            () => props.onSelect(id),
            props.selected,
            true,
          ),
          tool(t('recipe'), 'recipe', <Info key="i" aria-hidden="true" />, () => props.onInfo(!info), info),
          'zoom',
          'close',
        ],
      }}
      render={{
        controls: () => (
          <>
            <p role="status" className="sr-only">
              {t('position', {
                at: at + 1,
                total: frames.length,
                prompt: image ? readable(image.prompt) : '',
              })}
            </p>
            {info && (
              <aside
                aria-label={t('recipe')}
                className="fixed inset-x-0 bottom-0 z-10 grid max-h-[45dvh] content-start gap-5 overflow-y-auto border-line border-t bg-paper p-5 text-ink lg:inset-x-auto lg:top-0 lg:right-0 lg:max-h-none lg:w-80 lg:border-t-0 lg:border-l lg:p-6"
              >
                <Button
                  size="sm"
                  variant="ghost"
                  className="-mr-2 justify-self-end"
                  onClick={() => props.onInfo(false)}
                >
                  <X aria-hidden="true" /> {t('hide')}
                </Button>
                {image ? (
                  <Recipe image={image} heading="h2" onRate={(rating) => props.onRate(id, rating)} />
                ) : (
                  <p role="status">{t('loadingTheRecipe')}</p>
                )}
              </aside>
            )}
            {props.dock}
          </>
        ),
      }}
    />
  );
}

/** Small pictures are drawn larger, within reason. */
const MIN_EDGE_PX = 640;

/** What a single key does here. Arrows and Escape are the viewer's own. */
function actOf(key: string, props: LightboxProps, image: ImageView | null): (() => void) | null {
  const { id, trash } = props;
  if (key === ' ') return props.onClose;
  if (key === 'i') return () => props.onInfo(!props.info);
  if (key === 'Delete') return () => props.onDelete(id);
  if (key === 'x') return () => props.onSelect(id);
  if (trash) return null;
  if (key === 'r') return () => props.onRemix(id);
  if (key === 'f') return () => props.onFavourite(id);
  if (key === 'd') return () => props.onDownload(id);
  if (key === 'c') return () => props.onCompare(id);
  if (/^[0-5]$/.test(key)) {
    return () => props.onRate(id, key === '0' || Number(key) === image?.rating ? null : Number(key));
  }
  return null;
}

type Slide = SlideImage & { imageId: string };

function toSlide([id, width, height]: ImageFrame): Slide {
  const widths = DELIVERY_WIDTHS.filter((one) => one >= 640);
  const srcSet = widths.map((one) => ({
    src: `/i/${id}?w=${one}`,
    width: Math.min(one, width),
    height: Math.round((Math.min(one, width) * height) / width),
  }));
  // A picture smaller than a step comes in its own size: one address of that size is enough.
  const distinct = srcSet.filter((one, index) => index === 0 || one.width > (srcSet[index - 1]?.width ?? 0));
  const larger = Math.max(1, MIN_EDGE_PX / Math.max(width, height, 1));
  const size = { width: Math.round(width * larger), height: Math.round(height * larger) };
  return { imageId: id, src: `/i/${id}?w=1920`, alt: '', ...size, srcSet: distinct };
}

function placeholderOf(slide: object, details: DetailStore) {
  const image = 'imageId' in slide && typeof slide.imageId === 'string' ? details.get(slide.imageId) : null;
  const style = image?.thumbhash
    ? { backgroundImage: `url("${drawThumbhash(image.thumbhash)}")`, backgroundSize: '100% 100%' }
    : {};
  return { style };
}
