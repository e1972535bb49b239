'use client';

import type { ModelView } from '@pixgen/domain';
import { Badge, Button, IconButton, LinkButton, Menu, Notice, PageHeader, toast } from '@pixgen/ui';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { EllipsisVertical, Pencil, SlidersHorizontal, Sparkles, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { lazy, Suspense, useState } from 'react';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { MODEL_STATE_TONES } from './words';

// Fetched when somebody asks for them.
const EraseModel = lazy(() => import('./erase-model'));
const RenameModel = lazy(() => import('./rename-model'));

/** Name, state and the acts on a model. Deleting can be undone here for as long as the page is open, and for 30 days. */
export function ModelHeader({ model }: { model: ModelView }) {
  const t = useTranslations('models');
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [renaming, setRenaming] = useState(false);
  const keep = {
    onSuccess: (next: ModelView) => {
      queryClient.setQueryData(trpc.models.get.queryKey({ id: next.id }), next);
      void queryClient.invalidateQueries(trpc.models.list.pathFilter());
    },
  };
  const remove = useMutation(trpc.models.delete.mutationOptions(keep));
  const restore = useMutation(trpc.models.restore.mutationOptions(keep));
  const rename = useMutation(trpc.models.update.mutationOptions(keep));
  const problem = remove.error ?? restore.error ?? rename.error;

  function removeModel() {
    remove.mutate(
      { id: model.id },
      {
        onSuccess: () =>
          toast(t('deletedModel', { name: model.name }), {
            action: { label: t('undo'), onClick: () => restore.mutate({ id: model.id }) },
          }),
      },
    );
  }
  function submitName(name: string) {
    rename.mutate({ id: model.id, name }, { onSuccess: () => setRenaming(false) });
  }

  return (
    <>
      <PageHeader
        title={model.name}
        above={
          <p className="flex flex-wrap items-center gap-2 text-ink-2 text-sm">
            <Badge tone={MODEL_STATE_TONES[model.state]}>{t(`states.${model.state}`)}</Badge>
            {model.classWord} · <span className="font-mono">{model.triggerWord}</span>
          </p>
        }
        actions={
          !model.deletedAt && (
            <>
              {model.state === 'ready' && (
                <>
                  <LinkButton as={Link} href={`/packs?model=${model.id}`}>
                    {t('runAPack')}
                  </LinkButton>
                  <LinkButton as={Link} href={`/studio?model=${model.id}`} variant="primary">
                    <Sparkles aria-hidden="true" /> {t('generate')}
                  </LinkButton>
                </>
              )}
              <Menu
                trigger={
                  <IconButton label={t('moreAboutThisModel')}>
                    <EllipsisVertical aria-hidden="true" />
                  </IconButton>
                }
                items={[
                  ...(model.state === 'ready'
                    ? [
                        {
                          label: t('trainAgainWithChanges'),
                          icon: <SlidersHorizontal aria-hidden="true" />,
                          onSelect: () => router.push(`/train/${model.id}/settings`),
                        },
                      ]
                    : []),
                  { label: t('rename'), icon: <Pencil aria-hidden="true" />, onSelect: () => setRenaming(true) },
                  { label: t('delete'), icon: <Trash2 aria-hidden="true" />, danger: true, onSelect: removeModel },
                ]}
              />
            </>
          )
        }
      />
      <div className="mb-6 grid gap-4 empty:hidden">
        {problem && <Notice tone="danger">{failureOf(problem).message}</Notice>}
        {model.deletedAt && (
          <Notice
            tone="warn"
            title={t('thisModelIsDeleted')}
            action={
              <span className="flex flex-wrap gap-2">
                <Button size="sm" busy={restore.isPending} onClick={() => restore.mutate({ id: model.id })}>
                  {t('undo')}
                </Button>
                <Suspense>
                  <EraseModel model={model} />
                </Suspense>
              </span>
            }
          >
            {t('itCanBeBroughtBack')}
          </Notice>
        )}
        {renaming && (
          <Suspense>
            <RenameModel
              model={model}
              busy={rename.isPending}
              onName={submitName}
              onCancel={() => setRenaming(false)}
            />
          </Suspense>
        )}
      </div>
    </>
  );
}
