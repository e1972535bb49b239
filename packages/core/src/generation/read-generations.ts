import { asJobRow, findGeneration, listGenerationRows } from '@pixgen/db';
import { type GenerationView, notFound, type Page } from '@pixgen/domain';
import type { Actor, Deps } from '../deps.ts';
import { progressOf } from '../jobs/job-view.ts';
import { toPage } from '../page.ts';
import { toGenerationView } from './generation-view.ts';

export async function getGeneration(deps: Deps, actor: Actor, input: { id: string }): Promise<GenerationView> {
  const row = await findGeneration(deps.db, actor.userId, input.id);
  if (!row) throw notFound('generation');
  return toGenerationView(row, await progressOf(deps, row.jobs.map(asJobRow)));
}

export async function listGenerations(
  deps: Deps,
  actor: Actor,
  input: { cursor?: string | undefined; limit: number; modelId?: string | undefined; packRuns?: boolean | undefined },
): Promise<Page<GenerationView>> {
  const rows = await listGenerationRows(deps.db, actor.userId, {
    before: input.cursor ?? null,
    limit: input.limit + 1,
    modelId: input.modelId ?? null,
    packRuns: input.packRuns ?? null,
  });
  const progress = await progressOf(
    deps,
    rows.flatMap((row) => row.jobs.map(asJobRow)),
  );
  return toPage(rows, input.limit, (row) => toGenerationView(row, progress));
}
