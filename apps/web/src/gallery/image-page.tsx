'use client';

import type { ImageView } from '@pixgen/domain';
import { Badge, Button, cn, Facts, IconButton, LinkButton, Notice } from '@pixgen/ui';
import { type InfiniteData, useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, ChevronLeft, ChevronRight, Download, Heart, Sparkles, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { readablePrompt } from '@/generation/readable-prompt';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { type GalleryFilters, listInput, writeFilters } from './filters';
import { Print } from './print';
import { useImageActs } from './use-image-acts';

/** One picture, large, with its recipe; arrows walk through the list it was opened from. */
export function ImagePage({ id, filters }: { id: string; filters: GalleryFilters }) {
  const router = useRouter();
  const trpc = useTRPC();
  const acts = useImageActs();
  const image = useQuery(trpc.images.get.queryOptions({ id })).data;
  const query = writeFilters(filters);
  const { before, after } = useNeighbours(id, image?.generationId, filters);
  const path = (to: string) => `/gallery/${to}${query}`;
  const [deletedNow, setDeletedNow] = useState(false);
  const deleted = image?.deletedAt !== null || deletedNow;

  const keys: Record<string, (() => void) | undefined> = {
    ArrowLeft: before ? () => router.replace(path(before)) : undefined,
    ArrowRight: after ? () => router.replace(path(after)) : undefined,
    f: image && !deleted ? () => acts.toggleFavourite(image) : undefined,
    d: () => acts.download(id),
    Escape: () => router.push(`/gallery${query}`),
    Delete: deleted ? undefined : remove,
  };
  useKeys(keys);
  if (!image) return null;

  function remove() {
    acts.remove([id], () => setDeletedNow(true));
  }

  return (
    <article aria-label="Picture" className="grid gap-8 lg:grid-cols-[minmax(0,1fr)_19rem]">
      <div className="grid content-start gap-4">
        <div className="flex items-center justify-between gap-2">
          <LinkButton as={Link} href={`/gallery${query}`} variant="ghost" size="sm">
            <ArrowLeft aria-hidden="true" /> Gallery
          </LinkButton>
          <div className="flex gap-1">
            <Arrow to={before ? path(before) : null} label="Previous picture" left />
            <Arrow to={after ? path(after) : null} label="Next picture" />
          </div>
        </div>
        {deleted && (
          <Notice
            tone="warn"
            title="This picture is in the trash"
            action={
              <Button
                size="sm"
                busy={acts.busy}
                onClick={() => void acts.restore([id]).then(() => setDeletedNow(false))}
              >
                Undo
              </Button>
            }
          >
            It can be brought back for 30 days.
          </Notice>
        )}
        {acts.error && <Notice tone="danger">{acts.error}</Notice>}
        {/* As large as the window allows; a small picture is not blown up beyond recognition. */}
        <div
          className="mx-auto w-full"
          style={{ maxWidth: `min(78dvh * ${image.width / image.height}, ${Math.max(512, image.width * 2)}px)` }}
        >
          <Print
            key={image.id}
            src={`/i/${image.id}`}
            alt={readablePrompt(image.prompt)}
            width={image.width}
            height={image.height}
            sizes="(min-width: 64rem) 60vw, 100vw"
            priority
            className={cn('h-auto w-full rounded-print', deleted && 'opacity-50')}
          />
        </div>
      </div>
      <Recipe image={image} />
      <div className="flex flex-wrap gap-2 lg:col-start-1">
        {!deleted && (
          <>
            <Button aria-pressed={image.favourite} onClick={() => acts.toggleFavourite(image)}>
              <Heart aria-hidden="true" className={image.favourite ? 'fill-accent text-accent' : ''} />
              {image.favourite ? 'Favourite' : 'Add to favourites'}
            </Button>
            <Button onClick={() => acts.download(id)}>
              <Download aria-hidden="true" /> Download
            </Button>
            <LinkButton as={Link} href={`/studio?model=${image.modelId}&prompt=${encodeURIComponent(image.prompt)}`}>
              <Sparkles aria-hidden="true" /> Use this prompt
            </LinkButton>
            <Button variant="quietDanger" busy={acts.busy} onClick={remove} className="sm:ml-auto">
              <Trash2 aria-hidden="true" /> Delete
            </Button>
          </>
        )}
      </div>
    </article>
  );
}

function Arrow({ to, label, left = false }: { to: string | null; label: string; left?: boolean }) {
  const icon = left ? <ChevronLeft aria-hidden="true" /> : <ChevronRight aria-hidden="true" />;
  if (!to) {
    return (
      <IconButton label={label} disabled>
        {icon}
      </IconButton>
    );
  }
  return (
    <LinkButton as={Link} href={to} replace aria-label={label} title={label} variant="ghost" size="icon">
      {icon}
    </LinkButton>
  );
}

/** What the picture was made from. */
function Recipe({ image }: { image: ImageView }) {
  return (
    <aside aria-label="Recipe" className="grid content-start gap-6 lg:row-span-2">
      <h1 className="font-medium text-lg leading-snug">{readablePrompt(image.prompt)}</h1>
      <div className="flex flex-wrap gap-2 empty:hidden">
        {image.favourite && <Badge tone="accent">favourite</Badge>}
        {image.deletedAt && <Badge tone="warn">in the trash</Badge>}
      </div>
      <Facts
        items={[
          ['Made', <Moment key="made" at={image.createdAt} />],
          ['Size', `${image.width} × ${image.height}`],
          [
            'Seed',
            <span key="seed" className="font-mono">
              {image.seed}
            </span>,
          ],
        ]}
      />
      <div className="grid gap-1.5 text-sm">
        <h2 className="text-ink-2">What the model read</h2>
        <p className="break-words font-mono text-[0.8125rem] leading-relaxed">{image.compiledPrompt}</p>
      </div>
      <p className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        <Link href={`/models/${image.modelId}`} className="text-accent underline-offset-4 hover:underline">
          The model
        </Link>
        <Link href={`/generations/${image.generationId}`} className="text-accent underline-offset-4 hover:underline">
          All of this run
        </Link>
      </p>
    </aside>
  );
}

/** The pictures before and after: in the gallery's list when the visit came from there, else in the same run. */
function useNeighbours(id: string, generationId: string | undefined, filters: GalleryFilters) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const key = trpc.images.list.infiniteQueryKey(listInput(filters));
  const cached = queryClient.getQueryData<InfiniteData<{ items: ImageView[] }>>(key);
  const list = cached?.pages.flatMap((page) => page.items) ?? [];
  const inList = list.findIndex((image) => image.id === id);
  const run = useQuery({
    ...trpc.images.list.queryOptions({ generationId: generationId ?? '', limit: 100 }),
    enabled: inList < 0 && generationId !== undefined,
  });
  const items = inList >= 0 ? list : (run.data?.items ?? []);
  const at = items.findIndex((image) => image.id === id);
  return { before: at > 0 ? items[at - 1]?.id : undefined, after: at >= 0 ? items[at + 1]?.id : undefined };
}

/** Single keys, unless someone types. */
function useKeys(keys: Record<string, (() => void) | undefined>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        target?.closest('input, textarea, select, [role=dialog], [role=menu]')
      )
        return;
      keys[event.key]?.();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });
}
