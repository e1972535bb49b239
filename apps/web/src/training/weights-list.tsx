'use client';

import type { WeightsLayout, WeightsView } from '@pixgen/domain';
import { Badge, Button, Card, Notice } from '@pixgen/ui';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { Ago } from '@/jobs/time';
import { formatBytes } from '@/jobs/words';
import { useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

/** The LoRA files of a training. The newest can be fetched in two layouts; older ones are checkpoints kept for a restart. */
export function WeightsList({ modelId, weights }: { modelId: string; weights: readonly WeightsView[] }) {
  const client = useTRPCClient();
  const [busy, setBusy] = useState<WeightsLayout | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const sorted = [...weights].sort((a, b) => b.step - a.step);
  async function download(layout: WeightsLayout) {
    setBusy(layout);
    setProblem(null);
    try {
      const { url } = await client.models.download.query({ id: modelId, layout });
      window.location.assign(url);
    } catch (error) {
      setProblem(failureOf(error).message);
    }
    setBusy(null);
  }
  return (
    <Card className="p-0 sm:p-0">
      <ul aria-label="Weights" className="divide-y divide-line">
        {sorted.map((file, index) => (
          <li key={file.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3.5 text-sm">
            <span className="font-medium tabular-nums">Step {file.step}</span>
            {file.final ? <Badge tone="good">final</Badge> : <Badge>checkpoint</Badge>}
            <span className="text-ink-2 tabular-nums">{formatBytes(file.sizeBytes)}</span>
            <span className="text-ink-2 max-sm:hidden">
              <Ago at={file.createdAt} />
            </span>
            {index === 0 && (
              <span className="ml-auto flex flex-wrap gap-2">
                <Button size="sm" busy={busy === 'diffusers'} onClick={() => void download('diffusers')}>
                  <Download aria-hidden="true" /> Download LoRA
                </Button>
                <Button size="sm" busy={busy === 'kohya'} onClick={() => void download('kohya')}>
                  <Download aria-hidden="true" /> For ComfyUI and A1111
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {problem && <Notice tone="danger">{problem}</Notice>}
    </Card>
  );
}
