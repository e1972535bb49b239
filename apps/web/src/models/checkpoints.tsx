'use client';

import type { ModelView, TrainingView, WeightsLayout, WeightsView } from '@pixgen/domain';
import { Badge, Button, Card, Notice, Section, Table } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, Download } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { Ago } from '@/jobs/time';
import { formatBytes } from '@/jobs/words';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

// 20 kB of plot that only this part needs.
const LikenessPlot = dynamic(() => import('./likeness-plot'), { ssr: false, loading: () => <div className="h-52" /> });

/** The LoRAs of a model's training: how close each came to the photos, which one is drawn with, and its files. */
export function Checkpoints({ model, trainingId }: { model: ModelView; trainingId: string }) {
  const trpc = useTRPC();
  const newest = useQuery(trpc.training.get.queryOptions({ id: trainingId })).data;
  const isOfNewest = newest?.weights.some(({ id }) => id === model.weightsId) ?? true;
  // After a training that failed, or while one runs, what is drawn with comes from one before it.
  const earlier = useQuery({
    ...trpc.training.list.queryOptions({ modelId: model.id, limit: 20 }),
    enabled: newest !== undefined && model.weightsId !== null && !isOfNewest,
  }).data?.items.find(({ weights }) => weights.some(({ id }) => id === model.weightsId));
  return (
    <>
      {newest && newest.weights.length > 0 && <OfTraining model={model} training={newest} title="Checkpoints" />}
      {earlier && !isOfNewest && <OfTraining model={model} training={earlier} title="Checkpoints in use" />}
    </>
  );
}

const COLUMNS = [
  { label: 'Step' },
  { label: 'Likeness' },
  { label: 'File', wideOnly: true },
  { label: 'What to do', hideLabel: true },
];

function OfTraining({ model, training, title }: { model: ModelView; training: TrainingView; title: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const choose = useMutation(
    trpc.models.chooseWeights.mutationOptions({
      onSuccess: (next) => queryClient.setQueryData(trpc.models.get.queryKey({ id: next.id }), next),
    }),
  );
  const { weights, suggestion } = training;
  const points = weights.flatMap(({ step, likeness }) => (likeness === null ? [] : [{ step, likeness }])).reverse();
  const suggested = weights.find(({ id }) => id === suggestion?.weightsId);
  const usable = training.job.state === 'succeeded';
  const last = weights.find(({ final }) => final);
  const ordered = training.settings.steps;
  const use = (weightsId: string) => choose.mutate({ id: model.id, weightsId });
  return (
    <Section title={title}>
      <Card className="grid gap-5">
        {points.length > 1 && (
          <figure className="grid gap-2">
            <figcaption className="text-ink-2 text-sm">
              Likeness: how close the samples of each checkpoint come to your photos. At 100 % they are as alike as the
              photos are to each other. The scorer that comes with PixGen knows drawn things, not people.
            </figcaption>
            <div aria-hidden="true">
              <LikenessPlot points={points} />
            </div>
          </figure>
        )}
        {usable && suggested && suggestion && (
          <Notice
            title={`Suggested: step ${suggested.step}`}
            action={
              suggested.id !== model.weightsId && (
                <Button size="sm" busy={choose.isPending} onClick={() => use(suggested.id)}>
                  Use step {suggested.step}
                </Button>
              )
            }
          >
            {suggestion.reason}
          </Notice>
        )}
        {last && last.step < ordered && (
          <p className="text-sm">
            Ended early after {last.step} of {ordered} steps: the samples came no closer to your photos. Only the steps
            that were done were charged.
          </p>
        )}
        {choose.error && <Notice tone="danger">{failureOf(choose.error).message}</Notice>}
        <Table
          caption="Checkpoints with their likeness, newest step first"
          className="-mx-5 px-5 sm:-mx-6 sm:px-6"
          columns={COLUMNS}
          rows={weights.map((one) => ({
            key: one.id,
            cells: [
              <Step key="step" model={model} weights={one} suggested={usable && one.id === suggestion?.weightsId} />,
              one.likeness === null ? (
                <span key="likeness" className="text-ink-2">
                  not scored
                </span>
              ) : (
                `${percent(one.likeness)} %`
              ),
              <span key="file" className="text-ink-2">
                {formatBytes(one.sizeBytes)}, <Ago at={one.createdAt} />
              </span>,
              usable && (
                <Choices key="choices" model={model} weights={one} busy={choose.isPending} onUse={() => use(one.id)} />
              ),
            ],
          }))}
        />
        <p className="text-ink-2 text-sm">
          {usable
            ? 'New images are drawn with the one in use. The next training that succeeds takes its place.'
            : 'These can be used once the training has succeeded.'}
        </p>
      </Card>
    </Section>
  );
}

function Step({ model, weights, suggested }: { model: ModelView; weights: WeightsView; suggested: boolean }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      {weights.step}
      {weights.id === model.weightsId && (
        <Badge tone="good">
          <Check aria-hidden="true" /> in use
        </Badge>
      )}
      {suggested && <Badge tone="accent">suggested</Badge>}
      {weights.final && <Badge>last</Badge>}
    </span>
  );
}

function Choices(props: { model: ModelView; weights: WeightsView; busy: boolean; onUse: () => void }) {
  const { model, weights } = props;
  return (
    <span className="flex flex-wrap justify-end gap-2">
      {weights.id !== model.weightsId && (
        <Button size="sm" disabled={props.busy} onClick={props.onUse} aria-label={`Use step ${weights.step}`}>
          Use
        </Button>
      )}
      <DownloadButton modelId={model.id} weights={weights} layout="diffusers" label="LoRA" />
      {weights.kohya && (
        <DownloadButton modelId={model.id} weights={weights} layout="kohya" label="For ComfyUI and A1111" />
      )}
    </span>
  );
}

function DownloadButton(props: { modelId: string; weights: WeightsView; layout: WeightsLayout; label: string }) {
  const client = useTRPCClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  async function download() {
    setBusy(true);
    setProblem(null);
    const { modelId: id, weights, layout } = props;
    try {
      const { url } = await client.models.download.query({ id, weightsId: weights.id, layout });
      window.location.assign(url);
    } catch (error) {
      setProblem(failureOf(error).message);
    }
    setBusy(false);
  }
  return (
    <>
      <Button
        size="sm"
        busy={busy}
        onClick={() => void download()}
        aria-label={`Download step ${props.weights.step}: ${props.label}`}
      >
        <Download aria-hidden="true" /> {props.label}
      </Button>
      {problem && (
        <span role="alert" className="text-danger">
          {problem}
        </span>
      )}
    </>
  );
}

function percent(likeness: number): number {
  return Math.round(likeness * 100);
}
