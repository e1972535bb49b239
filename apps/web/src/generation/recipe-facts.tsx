'use client';

import type { DrawSettings } from '@pixgen/domain';
import { Card, Facts } from '@pixgen/ui';
import { Moment } from '@/jobs/time';
import { SCHEDULER_WORDS } from './draw-input';

/** The settings an order was drawn with. */
export function RecipeFacts({ settings, createdAt }: { settings: DrawSettings; createdAt: string }) {
  return (
    <Card>
      <Facts
        items={[
          ['Made', <Moment key="made" at={createdAt} />],
          ['Size', `${settings.width} × ${settings.height}`],
          [
            'First seed',
            <span key="seed" className="font-mono">
              {settings.seed}
            </span>,
          ],
          ['Steps', settings.draft ? `${settings.steps} (draft)` : settings.steps],
          ['Sampler', SCHEDULER_WORDS[settings.scheduler]],
          ['Guidance', settings.guidance],
          ['Likeness', settings.loraWeight],
          ...(settings.negativePrompt ? [['Negative prompt', settings.negativePrompt] as const] : []),
        ]}
      />
    </Card>
  );
}
