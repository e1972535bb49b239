'use client';

import type { ModelView } from '@pixgen/domain';
import { Button, Confirm, toast } from '@pixgen/ui';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** The end of a model, without an undo. */
export default function EraseModel({ model }: { model: ModelView }) {
  const t = useTranslations('models');
  const trpc = useTRPC();
  const router = useRouter();
  const erase = useMutation(trpc.models.erase.mutationOptions());
  return (
    <Confirm
      danger
      trigger={
        <Button size="sm" variant="quietDanger">
          {t('eraseNow')}
        </Button>
      }
      keep={t('keepIt')}
      title={t('erase', { name: model.name })}
      action={t('eraseForGood')}
      onConfirm={() =>
        erase.mutateAsync({ id: model.id }).then(
          () => {
            toast(t('erasedModel', { name: model.name }));
            router.push('/models');
            return null;
          },
          (error) => failureOf(error).message,
        )
      }
    >
      {t('itsPhotosWeightsAndPictures')}
    </Confirm>
  );
}
