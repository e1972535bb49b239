import { LIMITS, type ModelView } from '@pixgen/domain';
import type { Tone } from '@pixgen/ui';

/** How a model's state is shown; its name is in the messages. */
export const MODEL_STATE_TONES: Record<ModelView['state'], Tone> = {
  draft: 'neutral',
  training: 'accent',
  ready: 'good',
  failed: 'danger',
};

type Draft = Pick<ModelView, 'id' | 'state' | 'consent' | 'photoCounts' | 'plan'>;

/** The first step of the wizard that has something left to do. */
export function draftStep(model: Draft): 'subject' | 'photos' | 'settings' | 'review' {
  if (!model.consent) return 'subject';
  const { ready, pending } = model.photoCounts;
  if (pending > 0 || ready < LIMITS.photos.min || ready > LIMITS.photos.max) return 'photos';
  return model.plan ? 'review' : 'settings';
}

/** Where a model's card leads: drafts go on in the wizard. */
export function modelPath(model: Draft): string {
  return model.state === 'draft' ? `/train/${model.id}/${draftStep(model)}` : `/models/${model.id}`;
}
