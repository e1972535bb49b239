'use client';

import type { ReportDecision, ReportTarget, ReportView } from '@pixgen/domain';
import { Badge, Button, Confirm, Facts, Field, Input, Notice, Section, Segmented } from '@pixgen/ui';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { Moment } from '@/jobs/time';
import { useTRPC } from '@/trpc/client';
import { failureOf } from '@/trpc/failure';
import { fetchMore } from '@/trpc/fetch-more';

/** Reports, what is due first on top, each with what can be decided. */
export function Reports() {
  const t = useTranslations('moderation');
  const trpc = useTRPC();
  const [open, setOpen] = useState(true);
  const [shown, setShown] = useState<string | null>(null);
  const list = useInfiniteQuery(
    trpc.admin.reports.list.infiniteQueryOptions({ open }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      title={t('reports')}
      aside={
        <Segmented
          label={t('whichReports')}
          value={open ? 'open' : 'decided'}
          options={[
            { value: 'open', label: t('toDecide') },
            { value: 'decided', label: t('decided') },
          ]}
          onValue={(which) => setOpen(which === 'open')}
        />
      }
    >
      {list.error && <Notice tone="danger">{failureOf(list.error).message}</Notice>}
      {items.length === 0 && !list.isPending && <p className="text-ink-2 text-sm">{t('none')}</p>}
      {items.length > 0 && (
        <ul
          aria-label={t('reports')}
          className="grid divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
        >
          {items.map((report) => (
            <li key={report.id} className="grid gap-3 px-4 py-3 text-sm">
              <Line
                report={report}
                isShown={shown === report.id}
                onShow={() => setShown(shown === report.id ? null : report.id)}
              />
              {shown === report.id && <Detail id={report.id} onDecided={() => setShown(null)} />}
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button className="justify-self-center" busy={list.isFetchingNextPage} onClick={() => void fetchMore(list)}>
          {t('showMore')}
        </Button>
      )}
    </Section>
  );
}

function Line({ report, isShown, onShow }: { report: ReportView; isShown: boolean; onShow: () => void }) {
  const t = useTranslations('moderation');
  const reportWords = useTranslations('reports');
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <span className="min-w-0 flex-1 basis-64">
        <span className="font-medium">{reportWords(`reason.${report.reason}`)}</span>
        <span className="block break-words text-ink-2">{report.what || t('itsWordsAreErased')}</span>
      </span>
      {report.overdue && <Badge tone="danger">{t('overdue')}</Badge>}
      {report.state !== 'open' && <Badge>{reportWords(`state.${report.state}`)}</Badge>}
      <span className="text-ink-2 tabular-nums">
        {t.rich(report.decidedAt ? 'decidedAt' : 'dueAt', {
          at: () => <Moment at={report.decidedAt ?? report.dueAt} />,
        })}
      </span>
      <Button size="sm" aria-expanded={isShown} onClick={onShow}>
        {isShown ? t('close') : t('lookAtIt')}
      </Button>
    </div>
  );
}

function Detail({ id, onDecided }: { id: string; onDecided: () => void }) {
  const t = useTranslations('moderation');
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  // Each look at somebody's picture is logged: not again by itself.
  const detail = useQuery({
    ...trpc.admin.reports.get.queryOptions({ id }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const [targetId, setTargetId] = useState('');
  const decide = useMutation(
    trpc.admin.reports.decide.mutationOptions({
      onSuccess: () => {
        onDecided();
        return Promise.all([
          queryClient.invalidateQueries(trpc.admin.reports.list.pathFilter()),
          queryClient.invalidateQueries(trpc.admin.reports.clock.pathFilter()),
          queryClient.invalidateQueries(trpc.admin.strikes.pathFilter()),
        ]);
      },
    }),
  );
  const onDecide = (decision: ReportDecision, target?: string): Promise<string | null> =>
    decide.mutateAsync({ id, decision, ...(target && { targetId: target }) }).then(
      () => null,
      (error: unknown) => failureOf(error).message,
    );
  if (detail.error) return <Notice tone="danger">{failureOf(detail.error).message}</Notice>;
  if (!detail.data) return <p role="status">{t('loading')}</p>;
  const { state, words, contact, reporter, targets } = detail.data;
  const isOpen = state === 'open';
  return (
    <div className="grid gap-4 rounded-control bg-sunken p-4">
      <p className="whitespace-pre-wrap break-words">{words || t('noFurtherWords')}</p>
      <Facts
        items={[
          [t('contact'), contact ?? t('noContact')],
          [t('reportedBy'), reporter ?? t('somebodyWithoutAnAccount')],
          [t('received'), <Moment key="received" at={detail.data.receivedAt} />],
        ]}
      />
      {targets.length === 0 && <p className="text-ink-2">{t('itNamesNothing')}</p>}
      {targets.map((target) => (
        <Target key={target.id} target={target} isOpen={isOpen} onDecide={onDecide} />
      ))}
      {isOpen && (
        <div className="flex flex-wrap items-end gap-2">
          <Confirm
            keep={t('keepIt')}
            title={t('dismissThisReport')}
            action={t('dismiss')}
            onConfirm={() => onDecide('dismiss')}
            trigger={<Button size="sm">{t('dismiss')}</Button>}
          >
            {t('everythingStays')}
          </Confirm>
          <Field label={t('idOfSomethingElse')} className="min-w-0 flex-1 basis-64">
            <Input
              value={targetId}
              onChange={(event) => setTargetId(event.target.value.trim())}
              className="font-mono"
            />
          </Field>
          {targetId.length === 36 && <Decisions targetId={targetId} hasPicture onDecide={onDecide} />}
        </div>
      )}
    </div>
  );
}

type OnDecide = (decision: ReportDecision, targetId: string) => Promise<string | null>;

function Target({ target, isOpen, onDecide }: { target: ReportTarget; isOpen: boolean; onDecide: OnDecide }) {
  const t = useTranslations('moderation');
  const { owner, kind, picture, modelName, id } = target;
  return (
    <div className="flex flex-wrap gap-4 rounded-control border border-line bg-surface p-3">
      {picture && <img src={picture} alt={t(`alt.${kind}`)} className="max-h-64 rounded-print" />}
      <div className="grid min-w-0 flex-1 basis-56 content-start gap-3">
        <Facts
          items={[
            [
              t(`kind.${kind}`),
              <span key="id" className="break-all font-mono">
                {id}
              </span>,
            ],
            [t('kind.model'), modelName],
            [t('owner'), t(`ownerIs.${owner.status}`, { name: owner.displayName, strikes: owner.strikes })],
          ]}
        />
        {isOpen && (
          <div className="flex flex-wrap gap-2">
            <Decisions targetId={id} hasPicture={kind === 'image' || kind === 'photo'} onDecide={onDecide} />
          </div>
        )}
      </div>
    </div>
  );
}

function Decisions(props: { targetId: string; hasPicture: boolean; onDecide: OnDecide }) {
  const t = useTranslations('moderation');
  const decisions = (['take-down-picture', 'take-down-model', 'suspend-person'] as const).filter(
    (decision) => props.hasPicture || decision !== 'take-down-picture',
  );
  return decisions.map((decision) => (
    <Confirm
      key={decision}
      keep={t('keepIt')}
      title={t(`question.${decision}`)}
      action={t(`action.${decision}`)}
      danger
      onConfirm={() => props.onDecide(decision, props.targetId)}
      trigger={
        <Button size="sm" variant="danger">
          {t(`action.${decision}`)}
        </Button>
      }
    >
      {t(`effect.${decision}`)}
    </Confirm>
  ));
}
