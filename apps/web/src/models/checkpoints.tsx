'use client';

import type { ModelView, TrainingView, WeightsLayout, WeightsView } from '@pixgen/domain';
import { Badge, Button, Card, Notice, Section, Table } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, Download } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Ago } from '@/jobs/time';
import { formatBytes } from '@/jobs/words';
import { useTRPC, useTRPCClient } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';

// 20 kB of plot that only this part needs.
const LikenessPlot = dynamic(() => import('./likeness-plot'), { ssr: false, loading: () => <div className="h-52" /> });

/** The LoRAs of a model's training: how close each came to the photos, which one is drawn with, and its files. */
export function Checkpoints({ model, trainingId }: { model: ModelView; trainingId: string }) {
  const t = useTranslations('models');
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
      {newest && newest.weights.length > 0 && <OfTraining model={model} training={newest} title={t('checkpoints')} />}
      {earlier && !isOfNewest && <OfTraining model={model} training={earlier} title={t('checkpointsInUse')} />}
    </>
  );
}

function OfTraining({ model, training, title }: { model: ModelView; training: TrainingView; title: string }) {
  const t = useTranslations('models');
  const jobWords = useTranslations('jobs');
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
            <figcaption className="text-ink-2 text-sm">{t('likenessHowCloseTheSamples')}</figcaption>
            <div aria-hidden="true">
              <LikenessPlot points={points} />
            </div>
          </figure>
        )}
        {usable && suggested && suggestion && (
          <Notice
            title={t('suggestedStep', { step: suggested.step })}
            action={
              suggested.id !== model.weightsId && (
                <Button size="sm" busy={choose.isPending} onClick={() => use(suggested.id)}>
                  {t('useStep', { step: suggested.step })}
                </Button>
              )
            }
          >
            {t(`suggestedBecause.${suggestion.because}`, { percent: percent(suggested.likeness ?? 0) })}
          </Notice>
        )}
        {last && last.step < ordered && (
          <p className="text-sm">{t('endedEarlyAfterOfSteps', { step: last.step, ordered })}</p>
        )}
        {choose.error && <Notice tone="danger">{failureOf(choose.error).message}</Notice>}
        <Table
          caption={t('checkpointsWithTheirLikenessNewest')}
          className="-mx-5 px-5 sm:-mx-6 sm:px-6"
          columns={[
            { label: t('step') },
            { label: t('likeness') },
            { label: t('file'), wideOnly: true },
            { label: t('whatToDo'), hideLabel: true },
          ]}
          rows={weights.map((one) => ({
            key: one.id,
            cells: [
              <Step key="step" model={model} weights={one} suggested={usable && one.id === suggestion?.weightsId} />,
              one.likeness === null ? (
                <span key="likeness" className="text-ink-2">
                  {t('notScored')}
                </span>
              ) : (
                `${percent(one.likeness)} %`
              ),
              <span key="file" className="text-ink-2">
                {formatBytes(jobWords, one.sizeBytes)}, <Ago at={one.createdAt} />
              </span>,
              usable && (
                <Choices key="choices" model={model} weights={one} busy={choose.isPending} onUse={() => use(one.id)} />
              ),
            ],
          }))}
        />
        <p className="text-ink-2 text-sm">{usable ? t('newImagesAreDrawnWith') : t('theseCanBeUsedOnce')}</p>
      </Card>
    </Section>
  );
}

function Step({ model, weights, suggested }: { model: ModelView; weights: WeightsView; suggested: boolean }) {
  const t = useTranslations('models');
  return (
    <span className="flex flex-wrap items-center gap-2">
      {weights.step}
      {weights.id === model.weightsId && (
        <Badge tone="good">
          <Check aria-hidden="true" /> {t('inUse')}
        </Badge>
      )}
      {suggested && <Badge tone="accent">{t('suggested')}</Badge>}
      {weights.final && <Badge>{t('last')}</Badge>}
    </span>
  );
}

function Choices(props: { model: ModelView; weights: WeightsView; busy: boolean; onUse: () => void }) {
  const t = useTranslations('models');
  const { model, weights } = props;
  return (
    <span className="flex flex-wrap justify-end gap-2">
      {weights.id !== model.weightsId && (
        <Button size="sm" disabled={props.busy} onClick={props.onUse} aria-label={t('useStep', { step: weights.step })}>
          {t('use')}
        </Button>
      )}
      <DownloadButton modelId={model.id} weights={weights} layout="diffusers" label="LoRA" />
      {weights.kohya && (
        <DownloadButton modelId={model.id} weights={weights} layout="kohya" label={t('forComfyuiAndA1111')} />
      )}
    </span>
  );
}

function DownloadButton(props: { modelId: string; weights: WeightsView; layout: WeightsLayout; label: string }) {
  const t = useTranslations('models');
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
        aria-label={t('downloadStep', { step: props.weights.step, label: props.label })}
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
