'use client';

import type { ImageDetailView } from '@pixgen/domain';
import { Select } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { NameForm } from './name-form';

type Into = { add: string } | { take: string } | { name: string };

/** Puts one picture into a collection, a new one among them, or takes it out of one. */
export function CollectOne({ image }: { image: Pick<ImageDetailView, 'id' | 'collections'> }) {
  const t = useTranslations('gallery');
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [naming, setNaming] = useState(false);
  const all = useQuery(trpc.collections.list.queryOptions()).data?.items ?? [];
  const inside = new Set(image.collections.map(({ id }) => id));
  const change = useMutation({
    mutationFn: async (into: Into) => {
      const ids = [image.id];
      if ('take' in into) return client.collections.take.mutate({ id: into.take, ids });
      const id = 'add' in into ? into.add : (await client.collections.create.mutate(into)).id;
      return client.collections.add.mutate({ id, ids });
    },
    onSuccess: () => setNaming(false),
    onSettled: () => {
      void queryClient.invalidateQueries(trpc.images.get.queryFilter({ id: image.id }));
      void queryClient.invalidateQueries(trpc.collections.pathFilter());
      queryClient.removeQueries({ queryKey: ['gallery'], type: 'inactive' });
    },
  });
  if (naming) {
    return (
      <NameForm
        label={t('nameOfTheCollection')}
        action={t('addToIt')}
        busy={change.isPending}
        onName={(name) => change.mutate({ name })}
        onCancel={() => setNaming(false)}
      />
    );
  }
  return (
    <div className="grid gap-1">
      <Select
        aria-label={t('addToACollection')}
        value=""
        disabled={change.isPending}
        onChange={({ target: { value } }) => {
          if (value === 'new') setNaming(true);
          else if (value) change.mutate(inside.has(value) ? { take: value } : { add: value });
        }}
        className="w-44 [&_select]:h-8"
      >
        <option value="">{t('collect')}</option>
        {all.flatMap(({ id, name }) =>
          inside.has(id) ? (
            []
          ) : (
            <option key={id} value={id}>
              {name}
            </option>
          ),
        )}
        <option value="new">{t('newCollection')}</option>
        {image.collections.length > 0 && (
          <optgroup label={t('takeOutOf')}>
            {image.collections.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </optgroup>
        )}
      </Select>
      {change.error && (
        <p role="alert" className="font-medium text-danger text-sm">
          {failureOf(change.error).message}
        </p>
      )}
    </div>
  );
}
