'use client';

import { Button, Notice } from '@pixgen/ui';
import { useMutation } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** Administrators let people in, one code each. */
export function Invites() {
  const t = useTranslations('admin');
  const trpc = useTRPC();
  const create = useMutation(trpc.admin.createInvite.mutationOptions());
  return (
    <div className="grid justify-items-start gap-4">
      {create.data && (
        <Notice tone="good" title={t('passThisCodeOnIt')} className="w-full">
          <code className="break-all font-mono">{create.data.code}</code>
          <p className="mt-1">{t.rich('itEndsAt', { at: () => <Moment at={create.data.expiresAt} /> })}</p>
        </Notice>
      )}
      {create.error && <Notice tone="danger">{failureOf(create.error).message}</Notice>}
      <Button busy={create.isPending} onClick={() => create.mutate()}>
        {t('createInvitation')}
      </Button>
    </div>
  );
}
