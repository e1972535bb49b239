'use client';

import type { ConsentInput } from '@pixgen/domain';
import { Button } from '@pixgen/ui';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useLocale, useTranslations } from 'next-intl';
import { useState } from 'react';
import { randomKey } from '@/jobs/intent-key';
import { languageOf } from '@/language/locales';
import { keepFile, readKeptFiles } from '@/photos/kept-files';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { fetchSamplePhotos, SAMPLE_CLASS_WORD } from './sample-photos';

type Props = { consentVersion: ConsentInput['textVersion']; statement: string };

/**
 * A subject for whoever has no photos at hand. Its pictures are handed to the photo step like files that a reload cut off:
 * every check and the whole way to the store is that of anybody's photos.
 */
export function SampleSubject({ consentVersion: textVersion, statement }: Props) {
  const t = useTranslations('sample');
  const language = languageOf(useLocale());
  const trpc = useTRPC();
  const router = useRouter();
  const create = useMutation(trpc.models.create.mutationOptions());
  const [state, setState] = useState<'idle' | 'busy' | 'done'>('idle');
  const [problem, setProblem] = useState<string | null>(null);

  async function begin() {
    setState('busy');
    setProblem(null);
    try {
      const photos = await fetchSamplePhotos();
      const consent = { subject: 'not-a-person', accepted: true, adult: true, textVersion, language } as const;
      const draft = await create.mutateAsync({ name: t('name'), classWord: SAMPLE_CLASS_WORD, consent });
      for (const photo of photos) await keepFile(draft.id, randomKey(), photo, null);
      if ((await readKeptFiles(draft.id)).length < photos.length) {
        setState('idle');
        setProblem(t('noStorage'));
        return;
      }
      setState('done');
      router.push(`/train/${draft.id}/photos`);
    } catch (error) {
      setState('idle');
      setProblem(failureOf(error).message);
    }
  }

  return (
    <div className="grid max-w-md justify-items-center gap-2">
      <Button busy={state !== 'idle'} onClick={() => void begin()}>
        {t('tryIt')}
      </Button>
      <p className="text-ink-2 text-xs">{t('what', { statement })}</p>
      {problem && (
        <p role="alert" className="font-medium text-danger text-sm">
          {problem}
        </p>
      )}
    </div>
  );
}
