import { EmptyState, LinkButton } from '@pixgen/ui';
import Link from 'next/link';

/** The not-found page of every segment: absent and foreign things look alike. */
export function SegmentNotFound() {
  return (
    <EmptyState
      heading="h1"
      title="There is nothing here"
      action={
        <LinkButton as={Link} href="/home" variant="primary">
          Go home
        </LinkButton>
      }
    >
      The address may be mistyped, or what it named was deleted. Deleted pictures stay in the trash of the gallery for
      30 days.
    </EmptyState>
  );
}
