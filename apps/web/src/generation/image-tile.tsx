'use client';

import type { ImageView, JobView } from '@pixgen/domain';
import { cn, Spinner } from '@pixgen/ui';
import { CircleSlash, ImageOff } from 'lucide-react';
import Link from 'next/link';
import { Print } from '@/gallery/print';
import { shapeOf } from '@/gallery/print-link';
import { useImagePreview, useJobProgress } from '@/jobs/live';
import { isOver } from '@/jobs/rules';
import { readablePrompt } from './readable-prompt';

/** One planned picture: waiting, being drawn, there, or failed with its reason. The place never moves. */
export function ImageTile({ image, job }: { image: ImageView; job: JobView }) {
  return (
    <li
      style={shapeOf(image)}
      data-state={image.state}
      className="relative aspect-(--shape) min-w-0 overflow-hidden rounded-print bg-sunken"
    >
      {image.state === 'ready' && (
        <Link href={`/gallery/${image.id}`} className="block h-full">
          <Print
            src={`/i/${image.id}`}
            alt={readablePrompt(image.prompt)}
            width={image.width}
            height={image.height}
            sizes="(min-width: 64rem) 300px, 45vw"
            className="h-full w-full object-cover"
          />
        </Link>
      )}
      {image.state === 'planned' && <Waiting image={image} job={job} />}
      {image.state === 'failed' && (
        <p className="absolute inset-0 grid place-content-center justify-items-center gap-2 p-3 text-center text-danger text-xs">
          <ImageOff aria-hidden="true" className="size-5" />
          {image.failure?.message ?? 'This picture failed.'}
        </p>
      )}
    </li>
  );
}

function Waiting({ image, job }: { image: ImageView; job: JobView }) {
  const live = useJobProgress(job.id);
  const drawing = live?.imageIds.includes(image.id) ? live : null;
  const preview = useImagePreview(image.id);
  if (isOver(job)) {
    return (
      <p className="absolute inset-0 grid place-content-center justify-items-center gap-2 p-3 text-center text-ink-2 text-xs">
        <CircleSlash aria-hidden="true" className="size-5" />
        Not drawn
      </p>
    );
  }
  const share = drawing && drawing.totalSteps > 0 ? drawing.step / drawing.totalSteps : 0;
  return (
    <div className="absolute inset-0 grid place-content-center justify-items-center gap-2 p-3 text-center text-ink-2 text-xs">
      {preview && (
        <img
          src={`data:image/webp;base64,${preview}`}
          alt=""
          className="absolute inset-0 size-full object-cover opacity-80"
        />
      )}
      {/* The tray fills from below while the picture is drawn. */}
      <span
        aria-hidden="true"
        className="absolute inset-x-0 bottom-0 bg-accent-soft transition-[height] duration-500"
        style={{ height: `${share * 100}%` }}
      />
      <span
        className={cn(
          'relative grid justify-items-center gap-2',
          preview && 'rounded-full bg-paper/80 px-3 py-1.5 text-ink backdrop-blur-sm',
        )}
      >
        {drawing ? (
          <Spinner className="size-5 text-accent" />
        ) : (
          <span className="size-5 animate-breathe rounded-full border-2 border-edge" />
        )}
        {drawing ? `Step ${drawing.step} of ${drawing.totalSteps}` : 'Waiting'}
      </span>
    </div>
  );
}
