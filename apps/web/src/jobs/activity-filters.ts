/** Filters of the activity list as they stand in the address. */
import type { JobKind, JobState } from '@pixgen/domain';

export const ACTIVITY_STATES = ['live', 'succeeded', 'failed', 'cancelled', 'expired'] as const;
export type ActivityState = (typeof ACTIVITY_STATES)[number];
export type ActivityFilters = { kind: JobKind | null; state: ActivityState | null };

/** What is malformed is left out rather than trusted. */
export function readActivityFilters(params: Record<string, string | string[] | undefined>): ActivityFilters {
  return {
    kind: (['train', 'generate'] as const).find((kind) => kind === params.kind) ?? null,
    state: ACTIVITY_STATES.find((state) => state === params.state) ?? null,
  };
}

/** The filters as the API takes them. */
export function activityInput({ kind, state }: ActivityFilters): { kind?: JobKind; state?: JobState; live?: boolean } {
  return { ...(kind && { kind }), ...(state === 'live' ? { live: true } : state && { state }) };
}

/** @param before the end of the page before this one */
export function writeActivityFilters({ kind, state }: ActivityFilters, before?: string): string {
  const params = new URLSearchParams({ ...(kind && { kind }), ...(state && { state }), ...(before && { before }) });
  return params.size > 0 ? `/activity?${params}` : '/activity';
}
