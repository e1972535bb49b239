import 'server-only';
import { consentStands, type ModelView } from '@pixgen/domain';
import { redirect } from 'next/navigation';
import { load } from '@/trpc/server';

/**
 * The model a wizard step works on: a draft, or one that can be trained again. One that trains goes to its own page; one
 * whose consent does not cover it goes back to the first step.
 */
export async function loadDraft(
  modelId: string,
  step: 'subject' | 'photos' | 'settings' | 'review',
): Promise<ModelView> {
  const model = await load((queryClient, trpc) =>
    queryClient.fetchQuery(trpc.models.get.queryOptions({ id: modelId })),
  );
  if (model.state === 'training') redirect(`/models/${modelId}`);
  if (step !== 'subject' && !consentStands(model.consent, model.classWord)) redirect(`/train/${modelId}/subject`);
  return model;
}
