import { Button, EmptyState, LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { countFilters, type GalleryFilters, writePage } from './filters';

/** Why the gallery shows nothing, and what to do about it. */
export function NoPictures({
  filters,
  page,
  onClear,
}: {
  filters: GalleryFilters;
  page: number | null;
  onClear: () => void;
}) {
  if (page !== null && page > 1) {
    return (
      <EmptyState
        title="There is no such page"
        action={
          <LinkButton as={Link} href={writePage('/gallery', { ...filters, page: 1 })}>
            To the first page
          </LinkButton>
        }
      >
        The list is shorter than that.
      </EmptyState>
    );
  }
  if (countFilters(filters) > 0) {
    return (
      <EmptyState title="Nothing matches" action={<Button onClick={onClear}>Show all pictures</Button>}>
        No picture fits these filters.
      </EmptyState>
    );
  }
  if (filters.show === 'trash') {
    return <EmptyState title="The trash is empty">Deleted pictures stay here for 30 days.</EmptyState>;
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
      Everything you make comes together here.
    </EmptyState>
  );
}
