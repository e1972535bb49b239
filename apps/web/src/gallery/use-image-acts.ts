'use client';

import type { ImageView } from '@pixgen/domain';
import { toast } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** Favourite, rate, delete, restore and download, with the lists they change. */
export function useImageActs() {
  const t = useTranslations('gallery');
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const refresh = async () => {
    queryClient.removeQueries({ queryKey: ['gallery'] });
    await Promise.all([
      queryClient.invalidateQueries(trpc.images.pathFilter()),
      queryClient.invalidateQueries(trpc.generation.pathFilter()),
    ]);
  };
  async function keep(image: ImageView) {
    queryClient.setQueryData(trpc.images.get.queryKey({ id: image.id }), (old) => old && { ...old, ...image });
    queryClient.removeQueries({ queryKey: ['gallery'] });
    await queryClient.invalidateQueries(trpc.images.list.pathFilter());
  }
  const favourite = useMutation(
    trpc.images.favourite.mutationOptions({
      onSuccess: keep,
    }),
  );
  const rate = useMutation(trpc.images.rate.mutationOptions({ onSuccess: keep }));
  const restore = useMutation(trpc.images.restore.mutationOptions({ onSuccess: refresh }));
  const remove = useMutation(trpc.images.delete.mutationOptions({ onSuccess: refresh }));
  const download = useMutation({
    mutationFn: (id: string) => client.images.download.query({ id }),
    // The object store answers with a file to save, so the page stays.
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const error = favourite.error ?? rate.error ?? restore.error ?? remove.error ?? download.error;
  return {
    error: error ? failureOf(error).message : null,
    busy: restore.isPending || remove.isPending,
    toggleFavourite: (image: ImageView) => favourite.mutate({ id: image.id, favourite: !image.favourite }),
    rate: (image: ImageView, rating: number | null) => rate.mutate({ id: image.id, rating }),
    restore: (ids: string[]) => restore.mutateAsync({ ids }),
    remove: (ids: string[], onDone?: () => void) =>
      remove.mutate(
        { ids },
        {
          onSuccess: () => {
            toast(t('deletedNow', { count: ids.length }), {
              action: { label: t('undo'), onClick: () => restore.mutate({ ids }) },
            });
            onDone?.();
          },
        },
      ),
    download: (id: string) => download.mutate(id),
  };
}
