import type { ModelView } from '@pixgen/domain';
import type { Tone } from '@pixgen/ui';

export const MODEL_STATE_WORDS: Record<ModelView['state'], { label: string; tone: Tone }> = {
  draft: { label: 'Draft', tone: 'neutral' },
  training: { label: 'Training', tone: 'accent' },
  ready: { label: 'Ready', tone: 'good' },
  failed: { label: 'Failed', tone: 'danger' },
};

/** Where a model's card leads: drafts go on in the wizard. */
export function modelPath(model: Pick<ModelView, 'id' | 'state' | 'consent' | 'photoCounts'>): string {
  if (model.state !== 'draft') return `/models/${model.id}`;
  return `/train/${model.id}/${model.consent ? 'photos' : 'subject'}`;
}
