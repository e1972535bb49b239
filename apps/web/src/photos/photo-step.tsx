'use client';

import { LIMITS } from '@pixgen/domain';
import { Button, LinkButton, Notice, toast } from '@pixgen/ui';
import Link from 'next/link';
import { useState } from 'react';
import { failureOf } from '@/trpc/failure';
import { PhotoDrop } from './photo-drop';
import { PhotoTile } from './photo-tile';
import { PhotoTips } from './photo-tips';
import { type ShownTile, setVerdict } from './tile-state';
import { usePhotoSet } from './use-photo-set';

/** Step 2 of the wizard: the photo set. */
export function PhotoStep(props: { modelId: string; person: boolean; trainingEdgePx: number }) {
  const { modelId, person } = props;
  const set = usePhotoSet(modelId, props.trainingEdgePx, person);
  const [problem, setProblem] = useState<string | null>(null);
  const [removed, setRemoved] = useState<{ id: string; fileName: string } | null>(null);
  const { min, max } = LIMITS.photos;
  const verdict = setVerdict(set.counts.ready, set.counts.pending);

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
    toast(`Removed ${tile.fileName}`, { action: { label: 'Undo', onClick: () => void restore(photo.id) } });
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
              <span className="text-lg tabular-nums">{set.counts.ready}</span> of {min}–{max} photos
              {set.counts.pending > 0 && <span className="text-ink-2"> · {set.counts.pending} on their way</span>}
              {set.counts.refused > 0 && <span className="text-danger"> · {set.counts.refused} not usable</span>}
            </p>
            {removed && (
              <button
                type="button"
                className="text-accent text-sm underline-offset-4 hover:underline"
                onClick={() => void restore(removed.id)}
              >
                Bring {removed.fileName} back
              </button>
            )}
          </div>
          <ul
            aria-label="Photo set"
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
            <Notice title="To make the set better">
              <ul className="grid gap-1">
                {set.advice.map((sentence) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
            </Notice>
          )}
        </div>
      )}
      <div className="flex flex-wrap items-center justify-between gap-4 border-line border-t pt-6">
        <LinkButton as={Link} href={`/train/${modelId}/subject`} variant="ghost">
          Back
        </LinkButton>
        <div className="flex flex-wrap items-center gap-4">
          {verdict.reason && (
            <p id="why-not" className="text-ink-2 text-sm">
              {verdict.reason}
            </p>
          )}
          {verdict.ok ? (
            <LinkButton as={Link} href={`/train/${modelId}/settings`} variant="primary">
              Continue to settings
            </LinkButton>
          ) : (
            <Button variant="primary" disabled aria-describedby="why-not">
              Continue to settings
            </Button>
          )}
        </div>
      </div>
    </div>
  );
}
