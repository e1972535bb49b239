'use client';

import { Badge, Button, Notice, Section } from '@pixgen/ui';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Moment } from '@/jobs/time';
import { STRIKE_WORDS } from '@/reports/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** Strikes of everybody, newest first. Lifting one lets nobody in again by itself. */
export function Strikes() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const list = useInfiniteQuery(
    trpc.admin.strikes.list.infiniteQueryOptions({}, { getNextPageParam: (page) => page.nextCursor }),
  );
  const lift = useMutation(
    trpc.admin.strikes.lift.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.admin.strikes.pathFilter()),
    }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title="Strikes" aside="A suspended person is let in again under Administration">
      {lift.error && <Notice tone="danger">{failureOf(lift.error).message}</Notice>}
      {items.length === 0 && !list.isPending && <p className="text-ink-2 text-sm">None.</p>}
      {items.length > 0 && (
        <ul
          aria-label="Strikes"
          className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
        >
          {items.map(({ id, person, reason, at, liftedAt }) => (
            <li key={id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 text-sm">
              <span className="min-w-0 flex-1 basis-64">
                <span className="font-medium">{person.displayName}</span>
                <span className="block text-ink-2">{STRIKE_WORDS[reason]}</span>
              </span>
              {person.status === 'suspended' && <Badge tone="danger">Suspended</Badge>}
              <span className="text-ink-2 tabular-nums">
                <Moment at={at} />
              </span>
              {liftedAt ? (
                <Badge>Lifted</Badge>
              ) : (
                <Button
                  size="sm"
                  busy={lift.isPending && lift.variables?.id === id}
                  onClick={() => lift.mutate({ id })}
                >
                  Lift
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show older
        </Button>
      )}
    </Section>
  );
}
