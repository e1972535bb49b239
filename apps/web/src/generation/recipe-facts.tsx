'use client';

import type { DrawSettings } from '@pixgen/domain';
import { Card, Facts } from '@pixgen/ui';
import { Moment } from '@/jobs/time';

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
          ['Steps', settings.steps],
          ['Guidance', settings.guidance],
          ['Likeness', settings.loraWeight],
          ...(settings.negativePrompt ? [['Negative prompt', settings.negativePrompt] as const] : []),
        ]}
      />
    </Card>
  );
}
