'use client';

import type { PackOrderView } from '@pixgen/domain';
import { LinkButton, Notice } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { usePollMs } from '@/jobs/live';
import { useTRPC } from '@/trpc/client';

/** The pack that was ordered along with a training: waiting, running, or why not. */
export function PackOrderNote({ trainingId, modelId }: { trainingId: string; modelId: string }) {
  const trpc = useTRPC();
  const options = trpc.packs.ordered.queryOptions({ trainingId });
  const known = useQuery(options).data?.order;
  const open = known?.state === 'waiting' || known?.state === 'due';
  const order = useQuery({ ...options, refetchInterval: usePollMs(open) }).data?.order;
  if (!order) return null;
  const words = wordsOf(order);
  return (
    <Notice
      className="mb-8"
      tone={words.tone}
      title={words.title}
      action={
        order.generationId ? (
          <LinkButton as={Link} size="sm" href={`/generations/${order.generationId}`}>
            Open the run
          </LinkButton>
        ) : (
          order.state === 'refused' && (
            <LinkButton as={Link} size="sm" href={`/packs/${order.pack.slug}?model=${modelId}`}>
              Run it by hand
            </LinkButton>
          )
        )
      }
    >
      {words.text}
    </Notice>
  );
}

function wordsOf({ state, pack, images, refusal }: PackOrderView): {
  tone: 'info' | 'good' | 'warn';
  title: string;
  text: string;
} {
  const what = `${pack.name}, ${images} pictures`;
  switch (state) {
    case 'waiting':
      return { tone: 'info', title: `Then: ${what}`, text: 'The pack starts by itself when this training succeeds.' };
    case 'due':
      return { tone: 'info', title: `Then: ${what}`, text: 'The training is done; the pack is about to start.' };
    case 'started':
      return { tone: 'good', title: what, text: 'The pack was started when the training succeeded.' };
    case 'released':
      return {
        tone: 'warn',
        title: `${pack.name} was let go`,
        text: 'The training did not succeed, so the pack was not started and cost nothing.',
      };
    case 'refused':
      return { tone: 'warn', title: `${pack.name} was not started`, text: refusal?.message ?? '' };
  }
}
