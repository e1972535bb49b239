'use client';

import type { DrawSettings } from '@pixgen/domain';
import { Card, Facts } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { Moment } from '@/jobs/time';
import { SCHEDULER_WORDS } from './draw-input';

/** The settings an order was drawn with. */
export function RecipeFacts({ settings, createdAt }: { settings: DrawSettings; createdAt: string }) {
  const t = useTranslations('studio');
  return (
    <Card>
      <Facts
        items={[
          [t('made'), <Moment key="made" at={createdAt} />],
          [t('size'), `${settings.width} × ${settings.height}`],
          [
            t('firstSeed'),
            <span key="seed" className="font-mono">
              {settings.seed}
            </span>,
          ],
          [t('steps'), settings.draft ? t('draftSteps', { steps: settings.steps }) : settings.steps],
          [t('sampler'), SCHEDULER_WORDS[settings.scheduler]],
          [t('guidance'), settings.guidance],
          [t('likeness'), settings.loraWeight],
          ...(settings.negativePrompt ? [[t('negativePrompt'), settings.negativePrompt] as const] : []),
        ]}
      />
    </Card>
  );
}
