'use client';

import { LIMITS } from '@pixgen/domain';
import { Button, LinkButton, Notice, toast } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { failureOf } from '@/trpc/failure';
import { PhotoDrop } from './photo-drop';
import { PhotoTile } from './photo-tile';
import { PhotoTips } from './photo-tips';
import { RemovedPhotos } from './removed-photos';
import { type ShownTile, setVerdict } from './tile-state';
import { usePhotoSet } from './use-photo-set';

/** Step 2 of the wizard: the photo set. */
export function PhotoStep(props: { modelId: string; person: boolean; trainingEdgePx: number }) {
  const t = useTranslations('photos');
  const { modelId, person } = props;
  const set = usePhotoSet(modelId, props.trainingEdgePx, person);
  const [problem, setProblem] = useState<string | null>(null);
  const [removed, setRemoved] = useState<{ id: string; fileName: string } | null>(null);
  const { min, max } = LIMITS.photos;
  const verdict = setVerdict(t, set.counts.ready, set.counts.pending);

  async function restore(id: string) {
    setRemoved(null);
    await set.restore(id).catch((error) => setProblem(failureOf(error).message));
  }
  async function remove(tile: ShownTile) {
    setProblem(null);
    try {
      await set.remove(tile.key, tile.photo?.id ?? null);
    } catch (error) {
      setProblem(failureOf(error).message);
      return;
    }
    const photo = tile.photo;
    if (photo?.state !== 'ready') return;
    setRemoved({ id: photo.id, fileName: tile.fileName });
    toast(t('removed', { fileName: tile.fileName }), {
      action: { label: t('undo'), onClick: () => void restore(photo.id) },
    });
  }

  return (
    <div className="grid gap-6">
      <PhotoDrop onFiles={set.add} small={set.tiles.length > 0} />
      {problem && <Notice tone="danger">{problem}</Notice>}
      {set.tiles.length === 0 ? (
        <PhotoTips person={person} />
      ) : (
        <div className="grid gap-4">
          <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
            <p role="status" className="font-medium">
              {t.rich('ofPhotos', {
                n: (number) => <span className="text-lg tabular-nums">{number}</span>,
                ready: set.counts.ready,
                min,
                max,
              })}
              {set.counts.pending > 0 && (
                <span className="text-ink-2"> {t('onTheirWay', { pending: set.counts.pending })}</span>
              )}
              {set.counts.refused > 0 && (
                <span className="text-danger"> {t('notUsable', { refused: set.counts.refused })}</span>
              )}
            </p>
            {removed && (
              <button
                type="button"
                className="text-accent text-sm underline-offset-4 hover:underline"
                onClick={() => void restore(removed.id)}
              >
                {t('bringBack', { fileName: removed.fileName })}
              </button>
            )}
          </div>
          <ul
            aria-label={t('photoSet')}
            className="grid grid-cols-3 gap-x-3 gap-y-4 sm:grid-cols-4 md:grid-cols-5 lg:grid-cols-6"
          >
            {set.tiles.map((tile) => (
              <PhotoTile
                key={tile.key}
                tile={tile}
                onRetry={tile.state.name === 'failed' && set.canRetry(tile.key) ? () => set.retry(tile.key) : null}
                onRemove={() => void remove(tile)}
              />
            ))}
          </ul>
          {set.advice.length > 0 && set.counts.pending === 0 && (
            <Notice title={t('toMakeTheSetBetter')}>
              <ul className="grid gap-1">
                {set.advice.map((sentence) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
            </Notice>
          )}
        </div>
      )}
      <RemovedPhotos modelId={modelId} onRestore={(id) => void restore(id)} />
      <div className="flex flex-wrap items-center justify-between gap-4 border-line border-t pt-6">
        <LinkButton as={Link} href={`/train/${modelId}/subject`} variant="ghost">
          {t('back')}
        </LinkButton>
        <div className="flex flex-wrap items-center gap-4">
          {verdict.reason && (
            <p id="why-not" className="text-ink-2 text-sm">
              {verdict.reason}
            </p>
          )}
          {verdict.ok ? (
            <LinkButton as={Link} href={`/train/${modelId}/settings`} variant="primary">
              {t('continueToSettings')}
            </LinkButton>
          ) : (
            <Button variant="primary" disabled aria-describedby="why-not">
              {t('continueToSettings')}
            </Button>
          )}
        </div>
      </div>
    </div>
  );
}
