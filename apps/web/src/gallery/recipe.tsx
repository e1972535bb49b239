'use client';

import type { ImageDetailView, ImageView } from '@pixgen/domain';
import { Badge, Facts } from '@pixgen/ui';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { SCHEDULER_WORDS } from '@/generation/draw-input';
import { useReadable } from '@/generation/readable-prompt';
import { Moment } from '@/jobs/time';
import type { Words } from '@/language/messages';
import { useTRPC } from '@/trpc/client';
import { CollectOne } from './collect-one';
import { Stars } from './stars';

type Props = {
  image: ImageView;
  onRate: (rating: number | null) => void;
  heading: 'h1' | 'h2';
  children?: ReactNode;
};

const link = 'text-accent underline-offset-4 hover:underline';

/** What a picture was made from, and what its owner thinks of it. */
export function Recipe({ image, onRate, heading: Heading, children }: Props) {
  const t = useTranslations('gallery');
  const readable = useReadable();
  const trpc = useTRPC();
  const Part = Heading === 'h1' ? 'h2' : 'h3';
  const detail = useQuery(trpc.images.get.queryOptions({ id: image.id })).data;
  return (
    <>
      <Heading className="font-medium text-lg leading-snug">{readable(image.prompt)}</Heading>
      <div className="flex flex-wrap gap-2 empty:hidden">
        {image.favourite && <Badge tone="accent">{t('isFavourite')}</Badge>}
        {image.deletedAt && <Badge tone="warn">{t('inTheTrash')}</Badge>}
        {detail?.collections.map(({ id, name }) => (
          <Link key={id} href={`/gallery?collection=${id}`}>
            <Badge>{name}</Badge>
          </Link>
        ))}
      </div>
      {detail && !image.deletedAt && <CollectOne image={detail} />}
      {!image.deletedAt && <Stars value={image.rating} onValue={onRate} className="-ml-1.5" />}
      <Facts items={recipeFacts(t, image, detail)} />
      <div className="grid gap-1.5 text-sm">
        <Part className="text-ink-2">{t('whatTheModelRead')}</Part>
        <p className="break-words font-mono text-[0.8125rem] leading-relaxed">{image.compiledPrompt}</p>
      </div>
      <p className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        <Link href={`/models/${image.modelId}`} className={link}>
          {detail ? detail.modelName : t('theModel')}
        </Link>
        <Link href={`/generations/${image.generationId}`} className={link}>
          {t('allOfThisRun')}
        </Link>
        <Link href={`/studio?image=${image.id}`} className={link}>
          {t('remix')}
        </Link>
      </p>
      {children}
    </>
  );
}

/** The lines of a recipe, by name: also what a comparison goes through. */
export function recipeFacts(
  t: Words<'gallery'>,
  image: ImageView,
  detail: ImageDetailView | undefined,
): (readonly [label: string, value: ReactNode])[] {
  const facts: (readonly [string, ReactNode])[] = [
    [t('facts.made'), <Moment key="made" at={image.createdAt} />],
    [t('facts.size'), `${image.width} × ${image.height}`],
    [
      t('facts.seed'),
      <span key="seed" className="font-mono">
        {image.seed}
      </span>,
    ],
  ];
  if (!detail) return facts;
  const { steps, guidance, loraWeight, negativePrompt, scheduler } = detail.settings;
  facts.push(
    [t('facts.steps'), steps],
    [t('facts.guidance'), guidance],
    [t('facts.likeness'), loraWeight],
    [t('facts.sampler'), SCHEDULER_WORDS[scheduler]],
  );
  if (negativePrompt) facts.push([t('facts.negative'), negativePrompt]);
  if (detail.pack)
    facts.push([t('facts.pack'), t('packVersion', { name: detail.pack.name, version: detail.pack.version })]);
  return facts;
}
