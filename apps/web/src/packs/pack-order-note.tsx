'use client';

import type { PackOrderView } from '@pixgen/domain';
import { LinkButton, Notice } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { usePollMs } from '@/jobs/live';
import type { Words } from '@/language/messages';
import { useTRPC } from '@/trpc/client';

/** The pack that was ordered along with a training: waiting, running, or why not. */
export function PackOrderNote({ trainingId, modelId }: { trainingId: string; modelId: string }) {
  const t = useTranslations('packs');
  const trpc = useTRPC();
  const options = trpc.packs.ordered.queryOptions({ trainingId });
  const known = useQuery(options).data?.order;
  const open = known?.state === 'waiting' || known?.state === 'due';
  const order = useQuery({ ...options, refetchInterval: usePollMs(open) }).data?.order;
  if (!order) return null;
  const words = wordsOf(t, order);
  return (
    <Notice
      className="mb-8"
      tone={words.tone}
      title={words.title}
      action={
        order.generationId ? (
          <LinkButton as={Link} size="sm" href={`/generations/${order.generationId}`}>
            {t('openTheRun')}
          </LinkButton>
        ) : (
          order.state === 'refused' && (
            <LinkButton as={Link} size="sm" href={`/packs/${order.pack.slug}?model=${modelId}`}>
              {t('runItByHand')}
            </LinkButton>
          )
        )
      }
    >
      {words.text}
    </Notice>
  );
}

function wordsOf(
  t: Words<'packs'>,
  { state, pack, images, refusal }: PackOrderView,
): { tone: 'info' | 'good' | 'warn'; title: string; text: string } {
  const { name } = pack;
  const what = t('order.what', { name, images });
  switch (state) {
    case 'waiting':
      return { tone: 'info', title: t('order.then', { what }), text: t('order.waiting') };
    case 'due':
      return { tone: 'info', title: t('order.then', { what }), text: t('order.due') };
    case 'started':
      return { tone: 'good', title: what, text: t('order.started') };
    case 'released':
      return { tone: 'warn', title: t('order.releasedTitle', { name }), text: t('order.released') };
    case 'refused':
      return {
        tone: 'warn',
        title: t('order.refusedTitle', { name }),
        text: t('order.refusedBecause', { code: String(refusal?.code) }),
      };
  }
}
