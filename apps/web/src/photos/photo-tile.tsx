'use client';

import { cn, IconButton, Spinner } from '@pixgen/ui';
import { Check, RotateCcw, Trash2, TriangleAlert, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Print } from '@/gallery/print';
import type { ShownTile, TileState } from './tile-state';

/** One photo from drop to verdict. Its icon is the state's, so none stays behind. */
export function PhotoTile(props: { tile: ShownTile; onRetry: (() => void) | null; onRemove: () => void }) {
  const t = useTranslations('photos');
  const { tile } = props;
  const { state } = tile;
  const bad = state.name === 'refused' || state.name === 'failed';
  const working = state.name !== 'done' && !bad;
  return (
    <li
      aria-label={t('state', { fileName: tile.fileName, state: t(`states.${state.name}`) })}
      data-state={state.name}
      className="grid content-start gap-1.5"
    >
      <div
        className={cn(
          'group relative aspect-square overflow-hidden rounded-print bg-sunken',
          bad && 'ring-2 ring-danger',
        )}
      >
        <TilePicture tile={tile} />
        {working && <Working state={state} />}
        <div className="absolute top-1.5 right-1.5 flex gap-1">
          {props.onRetry && (
            <IconButton
              label={t('tryAgain', { fileName: tile.fileName })}
              size="iconSm"
              variant="secondary"
              onClick={props.onRetry}
            >
              <RotateCcw />
            </IconButton>
          )}
          <IconButton
            label={t(working ? 'cancelOne' : 'removeOne', { fileName: tile.fileName })}
            size="iconSm"
            variant="secondary"
            onClick={props.onRemove}
            className="pointer-fine:opacity-0 transition-opacity focus-visible:opacity-100 group-focus-within:opacity-100 group-hover:opacity-100"
          >
            {bad || working ? <X /> : <Trash2 />}
          </IconButton>
        </div>
        {state.name === 'done' && (
          <span className="absolute bottom-1.5 left-1.5 grid size-6 place-items-center rounded-full bg-good text-surface">
            <Check aria-hidden="true" className="size-3.5" strokeWidth={3} />
          </span>
        )}
      </div>
      <p className="truncate text-ink-2 text-xs" title={tile.fileName}>
        {tile.fileName}
      </p>
      {bad && <p className="font-medium text-danger text-xs leading-snug">{state.reason}</p>}
      {!bad && tile.warnings.length > 0 && (
        <p className="flex gap-1 text-warn text-xs leading-snug">
          <TriangleAlert aria-hidden="true" className="mt-0.5 size-3 shrink-0" />
          {tile.warnings.join(' ')}
        </p>
      )}
    </li>
  );
}

function TilePicture({ tile }: { tile: ShownTile }) {
  if (tile.photo?.state === 'ready') {
    return (
      <Print
        src={`/p/${tile.photo.id}`}
        alt=""
        width={256}
        height={256}
        sizes="160px"
        className="size-full object-cover"
      />
    );
  }
  if (tile.previewUrl) {
    return <img src={tile.previewUrl} alt="" className="size-full object-cover opacity-60" />;
  }
  if (tile.state.name === 'refused' || tile.state.name === 'failed') {
    return (
      <span className="grid size-full place-items-center text-danger">
        <TriangleAlert aria-hidden="true" className="size-7" strokeWidth={1.5} />
      </span>
    );
  }
  return null;
}

function Working({ state }: { state: TileState }) {
  const t = useTranslations('photos');
  const sent = state.name === 'uploading' ? state.sent : null;
  return (
    <div className="absolute inset-x-0 bottom-0 grid gap-1.5 bg-linear-to-t from-black/75 to-transparent p-2 pt-8 text-white text-xs">
      <span className="flex items-center gap-1.5">
        <Spinner /> {t(`states.${state.name}`)}
        {sent !== null && <span className="ml-auto tabular-nums">{Math.round(sent * 100)} %</span>}
      </span>
      <span className="h-1 overflow-hidden rounded-full bg-white/30">
        <span
          className="block h-full bg-white transition-[width]"
          style={{ width: `${sent === null ? (state.name === 'verifying' ? 100 : 0) : sent * 100}%` }}
        />
      </span>
    </div>
  );
}
