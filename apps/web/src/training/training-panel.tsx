'use client';

import type { ModelView } from '@pixgen/domain';
import { Badge, Button, Card, Confirm, Facts, Notice, Section } from '@pixgen/ui';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { lazy, Suspense } from 'react';
import { ChangeTraining } from '@/jobs/change-training';
import { FailureNotice } from '@/jobs/failure-notice';
import { useIntentKey } from '@/jobs/intent-key';
import { JobBar } from '@/jobs/job-bar';
import { usePollMs } from '@/jobs/live';
import { isOver, mayRetry } from '@/jobs/rules';
import { useOutlook } from '@/jobs/use-outlook';
import { formatCost, formatDuration, stateWords } from '@/jobs/words';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { LossPanel } from './loss-panel';
import { PhaseTimeline } from './phase-timeline';
import { SampleStrip } from './sample-strip';
import { TimeLeft } from './time-left';

// Drawn by the server with the page, and closed until somebody opens it.
const TrainingLog = lazy(() => import('./training-log'));

/** The model's training as it happens: phases, steps, loss, cancel; afterwards its weights or why there are none. */
export function TrainingPanel({ model, trainingId }: { model: ModelView; trainingId: string }) {
  const t = useTranslations('training');
  const jobWords = useTranslations('jobs');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const options = trpc.training.get.queryOptions({ id: trainingId });
  const live = useQuery(options).data?.job;
  const query = useQuery({ ...options, refetchInterval: usePollMs(live !== undefined && !isOver(live)) });
  const intent = useIntentKey(`retry:${trainingId}`);
  const cancel = useMutation(trpc.training.cancel.mutationOptions());
  const retry = useMutation(
    trpc.training.retry.mutationOptions({
      onSuccess: (next) => {
        intent.settle();
        queryClient.setQueryData(trpc.training.get.queryKey({ id: next.id }), next);
        void queryClient.invalidateQueries(trpc.models.pathFilter());
      },
    }),
  );
  const training = query.data;
  const outlook = useOutlook(live);
  if (!training) return null;
  const { job, settings } = training;
  const state = stateWords(jobWords, job.state);
  const working = !isOver(job);

  async function confirmCancel(): Promise<string | null> {
    try {
      const next = await cancel.mutateAsync({ id: trainingId });
      queryClient.setQueryData(trpc.training.get.queryKey({ id: trainingId }), next);
      void queryClient.invalidateQueries(trpc.models.pathFilter());
      return null;
    } catch (error) {
      return failureOf(error).message;
    }
  }

  return (
    <Section title={t('training')} aside={<Badge tone={state.tone}>{state.label}</Badge>}>
      <Card className="grid gap-6">
        <PhaseTimeline job={job} queuePosition={outlook?.queuePosition ?? null} />
        {working && (
          <div className="grid gap-2">
            <JobBar job={job} name={t('trainingOf', { name: model.name })} tellsTime={false} />
            <TimeLeft job={job} />
          </div>
        )}
        {job.failure && (
          <FailureNotice
            job={job}
            action={
              <>
                {mayRetry(job) && (
                  <Button
                    size="sm"
                    busy={retry.isPending}
                    onClick={() => retry.mutate({ id: trainingId, idempotencyKey: intent.keyFor(trainingId) })}
                  >
                    {t('trainAgain')}
                  </Button>
                )}
                {model.state !== 'training' && model.deletedAt === null && <ChangeTraining modelId={model.id} />}
              </>
            }
          />
        )}
        {retry.error && <Notice tone="danger">{failureOf(retry.error).message}</Notice>}
        {(working || training.lossHistory.length > 1) && <LossPanel training={training} />}
        {training.samples.length > 0 && <SampleStrip samples={training.samples} />}
        {/* What the server drew is dropped when news of the training come before the log's script: its line stays free. */}
        <Suspense fallback={<div className="h-5" />}>
          <TrainingLog job={job} />
        </Suspense>
        <div className="flex flex-wrap items-end justify-between gap-4 border-line border-t pt-5">
          <Facts
            items={[
              [
                t('preset'),
                t('stepsRankPx', {
                  preset: training.preset,
                  steps: settings.steps,
                  rank: settings.rank,
                  resolution: settings.resolution,
                }),
              ],
              [t('photos'), training.photoCount],
              [
                t('seed'),
                <span key="seed" className="font-mono">
                  {settings.seed}
                </span>,
              ],
              ...(job.startedAt && job.endedAt
                ? [[t('took'), formatDuration(jobWords, job.startedAt, job.endedAt)] as const]
                : []),
              ...(working ? [] : [[t('cost'), formatCost(jobWords, job.costMicroUsd)] as const]),
            ]}
          />
          {working && (
            <Confirm
              danger
              trigger={<Button variant="quietDanger">{t('cancelTraining')}</Button>}
              title={t('cancelThisTraining')}
              action={t('cancelTheTraining')}
              keep={t('letItRun')}
              onConfirm={confirmCancel}
            >
              {t('theGpuStopsAndNothing')}
            </Confirm>
          )}
        </div>
      </Card>
    </Section>
  );
}
