'use client';

import type { ImageView, JobView } from '@pixgen/domain';
import { Button, cn, Menu, Spinner } from '@pixgen/ui';
import {
  CircleSlash,
  Columns2,
  Download,
  EllipsisVertical,
  Grid2x2Plus,
  Heart,
  ImageOff,
  Repeat,
  Shuffle,
} from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Print } from '@/gallery/print';
import { shapeOf } from '@/gallery/print-link';
import { useImagePreview, useJobProgress } from '@/jobs/live';
import { isOver } from '@/jobs/rules';
import { failureWords } from '@/jobs/words';
import { useReadable } from './readable-prompt';

export type TileActs = {
  /** Draws what the order lacks again; null while it works or where that makes no sense. */
  onRetry: (() => void) | null;
  onExactly: (image: ImageView) => void;
  onVary: (image: ImageView) => void;
  /** The picture that is being ordered once more. */
  busyWith: string | null;
  /** On a contact sheet pictures are marked as keepers right there. */
  onFavourite: (image: ImageView) => void;
  onDownload: (image: ImageView) => void;
  /** Null: there is no second picture in the order. */
  comparisonOf: (image: ImageView) => string | null;
};

/** One planned picture: waiting, being drawn, there, or failed with its reason. The place never moves. */
export function ImageTile({
  image,
  job,
  queuePosition,
  chosen,
  acts,
}: {
  image: ImageView;
  job: JobView;
  /** Of the whole order among everybody's, while it is known and waits. */
  queuePosition: number | null;
  /** Chosen with X, to be compared. */
  chosen: boolean;
  acts: TileActs;
}) {
  const t = useTranslations('studio');
  const jobWords = useTranslations('jobs');
  return (
    <li
      style={shapeOf(image)}
      data-state={image.state}
      data-image={image.id}
      className={cn(
        'group/tile relative aspect-(--shape) min-w-0 overflow-hidden rounded-print bg-sunken',
        chosen && 'outline-3 outline-accent outline-offset-2',
      )}
    >
      {image.state === 'ready' && <Ready image={image} acts={acts} />}
      {image.state === 'planned' && <Waiting image={image} job={job} queuePosition={queuePosition} />}
      {image.state === 'failed' && (
        <div className="absolute inset-0 grid place-content-center justify-items-center gap-2 overflow-y-auto p-3 text-center text-danger text-xs">
          <ImageOff aria-hidden="true" className="size-5" />
          <p>{image.failure ? failureWords(jobWords, image.failure).message : t('thisPictureFailed')}</p>
          {acts.onRetry && (
            <Button size="sm" onClick={acts.onRetry} className="h-7 px-2.5 text-xs">
              {t('drawAgain')}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

function Ready({ image, acts }: { image: ImageView; acts: TileActs }) {
  const t = useTranslations('studio');
  const name = useReadable()(image.prompt);
  const comparison = acts.comparisonOf(image);
  return (
    <>
      <Link href={`/gallery/${image.id}`} className="block h-full">
        <Print
          src={`/i/${image.id}`}
          alt={name}
          width={image.width}
          height={image.height}
          sizes="(min-width: 64rem) 300px, 45vw"
          thumbhash={image.thumbhash}
          className="h-full w-full object-cover"
        />
      </Link>
      <div className="absolute top-1.5 right-1.5 flex gap-1 has-aria-busy:opacity-100 transition-opacity group-focus-within/tile:opacity-100 group-hover/tile:opacity-100 pointer-fine:opacity-0 pointer-fine:has-aria-pressed:opacity-100">
        <button
          type="button"
          aria-label={t('favourite')}
          aria-pressed={image.favourite ? true : undefined}
          onClick={() => acts.onFavourite(image)}
          className={overlay}
        >
          <Heart aria-hidden="true" className={image.favourite ? 'fill-accent text-accent' : ''} />
        </button>
        <Menu
          trigger={
            <button
              type="button"
              aria-label={t('moreWithThisPicture')}
              aria-busy={acts.busyWith === image.id}
              className={overlay}
            >
              {acts.busyWith === image.id ? <Spinner /> : <EllipsisVertical aria-hidden="true" />}
            </button>
          }
          items={[
            { label: t('remix'), icon: <Shuffle aria-hidden="true" />, href: `/studio?image=${image.id}`, as: Link },
            {
              label: t('drawItAgainExactly'),
              icon: <Repeat aria-hidden="true" />,
              onSelect: () => acts.onExactly(image),
            },
            { label: t('varyFourMore'), icon: <Grid2x2Plus aria-hidden="true" />, onSelect: () => acts.onVary(image) },
            ...(comparison
              ? [{ label: t('compare'), icon: <Columns2 aria-hidden="true" />, href: comparison, as: Link }]
              : []),
            { label: t('download'), icon: <Download aria-hidden="true" />, onSelect: () => acts.onDownload(image) },
          ]}
        />
      </div>
    </>
  );
}

const overlay =
  'grid size-8 place-items-center rounded-full bg-paper/85 text-ink backdrop-blur-sm hover:bg-paper [&_svg]:size-4';

function Waiting({ image, job, queuePosition }: { image: ImageView; job: JobView; queuePosition: number | null }) {
  const t = useTranslations('studio');
  const live = useJobProgress(job.id);
  const drawing = live?.imageIds.includes(image.id) ? live : null;
  const preview = useImagePreview(image.id);
  if (isOver(job)) {
    return (
      <p className="absolute inset-0 grid place-content-center justify-items-center gap-2 p-3 text-center text-ink-2 text-xs">
        <CircleSlash aria-hidden="true" className="size-5" />
        {t('notDrawn')}
      </p>
    );
  }
  const share = drawing && drawing.totalSteps > 0 ? drawing.step / drawing.totalSteps : 0;
  return (
    <div className="absolute inset-0 grid place-content-center justify-items-center gap-2 p-3 text-center text-ink-2 text-xs">
      {preview && (
        <img
          data-preview
          src={`data:image/webp;base64,${preview}`}
          alt=""
          className="absolute inset-0 size-full object-cover opacity-80"
        />
      )}
      {/* The tray fills from below while the picture is drawn. */}
      <span
        aria-hidden="true"
        className={cn(
          'absolute inset-x-0 bottom-0 bg-accent-soft transition-[height] duration-500',
          preview && 'opacity-35',
        )}
        style={{ height: `${share * 100}%` }}
      />
      <span
        className={cn(
          'relative grid justify-items-center gap-2',
          preview && 'rounded-full bg-paper/80 px-3 py-1.5 text-ink backdrop-blur-sm',
        )}
      >
        {drawing || preview ? (
          <Spinner className="size-5 text-accent" />
        ) : (
          <span className="size-5 animate-breathe rounded-full border-2 border-edge" />
        )}
        {drawing
          ? t('stepOf', { step: drawing.step, totalSteps: drawing.totalSteps })
          : preview
            ? t('beingDrawn')
            : job.state === 'queued' && queuePosition !== null
              ? t('noInLine', { place: queuePosition })
              : t('waitsItsTurn')}
      </span>
    </div>
  );
}
