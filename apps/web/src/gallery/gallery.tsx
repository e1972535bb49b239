'use client';

import type { ModelView } from '@pixgen/domain';
import { Button, EmptyState, LinkButton, Notice, Segmented, Select } from '@pixgen/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import { SquareCheck } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { BulkBar } from './bulk-bar';
import { type GalleryFilters, listInput, writeFilters } from './filters';
import { GalleryTile } from './gallery-tile';
import { useImageActs } from './use-image-acts';

type Props = { filters: GalleryFilters; models: readonly Pick<ModelView, 'id' | 'name'>[] };

/** All pictures, endless, filtered by the address; selection for acts on many. */
export function Gallery({ filters, models }: Props) {
  const router = useRouter();
  const trpc = useTRPC();
  const acts = useImageActs();
  const [selected, setSelected] = useState<ReadonlySet<string> | null>(null);
  const [deleted, setDeleted] = useState<string[]>([]);
  const images = useInfiniteQuery(
    trpc.images.list.infiniteQueryOptions(listInput(filters), { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = images.data?.pages.flatMap((page) => page.items) ?? [];
  const end = useEndInSight(() => void images.fetchNextPage(), images.hasNextPage && !images.isFetchingNextPage);
  const go = (change: Partial<GalleryFilters>) => {
    setSelected(null);
    router.replace(`/gallery${writeFilters({ ...filters, ...change })}`, { scroll: false });
  };
  const show = filters.trash ? 'trash' : filters.favourite ? 'favourites' : 'all';

  function toggle(id: string) {
    setSelected((old) => {
      const next = new Set(old ?? []);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }
  function remove(ids: string[]) {
    acts.remove(ids, () => {
      setDeleted(ids);
      setSelected(null);
    });
  }

  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-center gap-3">
        <Segmented
          label="Which pictures"
          value={show}
          onValue={(value) => go({ favourite: value === 'favourites', trash: value === 'trash' })}
          options={[
            { value: 'all', label: 'All' },
            { value: 'favourites', label: 'Favourites' },
            { value: 'trash', label: 'Trash' },
          ]}
        />
        {models.length > 0 && (
          <Select
            aria-label="Model"
            value={filters.model ?? ''}
            onChange={(event) => go({ model: event.target.value || null })}
            className="w-44"
          >
            <option value="">All models</option>
            {models.map((model) => (
              <option key={model.id} value={model.id}>
                {model.name}
              </option>
            ))}
          </Select>
        )}
        {items.length > 0 && (
          <Button
            variant="ghost"
            aria-pressed={selected !== null}
            onClick={() => setSelected(selected ? null : new Set())}
            className="sm:ml-auto"
          >
            <SquareCheck aria-hidden="true" /> {selected ? 'Stop selecting' : 'Select'}
          </Button>
        )}
      </div>
      {(acts.error ?? images.error) && <Notice tone="danger">{acts.error ?? failureOf(images.error).message}</Notice>}
      {deleted.length > 0 && (
        <Notice
          action={
            <>
              <Button size="sm" busy={acts.busy} onClick={() => void acts.restore(deleted).then(() => setDeleted([]))}>
                Undo
              </Button>
              <Button size="sm" variant="ghost" onClick={() => setDeleted([])}>
                Dismiss
              </Button>
            </>
          }
        >
          {deleted.length === 1 ? 'One picture is' : `${deleted.length} pictures are`} in the trash for 30 days.
        </Notice>
      )}
      {items.length === 0 && !images.isPending ? (
        <NoPictures filters={filters} onClear={() => go({ model: null, favourite: false, trash: false })} />
      ) : (
        <ul aria-label="Pictures" className="print-rows">
          {items.map((image) => (
            <GalleryTile
              key={image.id}
              image={image}
              query={writeFilters(filters)}
              selected={selected?.has(image.id) ?? false}
              selecting={selected !== null}
              onSelect={() => toggle(image.id)}
              onFavourite={() => acts.toggleFavourite(image)}
            />
          ))}
        </ul>
      )}
      <div ref={end} />
      {images.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={images.isFetchingNextPage}
          onClick={() => void images.fetchNextPage()}
        >
          Show more
        </Button>
      )}
      {selected !== null && (
        <BulkBar
          count={selected.size}
          trash={filters.trash}
          busy={acts.busy}
          onAll={() => setSelected(new Set(items.map((image) => image.id)))}
          onDelete={() => remove([...selected])}
          onRestore={() => void acts.restore([...selected]).then(() => setSelected(null))}
          onDone={() => setSelected(null)}
        />
      )}
    </div>
  );
}

function NoPictures({ filters, onClear }: { filters: GalleryFilters; onClear: () => void }) {
  if (filters.trash) return <EmptyState title="The trash is empty">Deleted pictures stay here for 30 days.</EmptyState>;
  if (filters.favourite || filters.model) {
    return (
      <EmptyState title="No picture matches" action={<Button onClick={onClear}>Show all pictures</Button>}>
        Nothing fits these filters yet.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="No pictures yet"
      action={
        <LinkButton as={Link} href="/studio" variant="primary">
          Open the studio
        </LinkButton>
      }
    >
      Everything you generate is kept here with the recipe it was made from.
    </EmptyState>
  );
}

/** Calls when the returned element comes near the window. */
function useEndInSight(onSight: () => void, active: boolean) {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(onSight);
  latest.current = onSight;
  useEffect(() => {
    if (!active || !element.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: '600px',
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [active]);
  return element;
}
