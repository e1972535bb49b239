import 'server-only';
import { consentStands, type ModelView } from '@pixgen/domain';
import { redirect } from 'next/navigation';
import { load } from '@/trpc/server';

/**
 * The model a wizard step works on. One that trains or is trained goes to its own page; one whose consent does
 * not cover it goes back to the first step.
 */
export async function loadDraft(
  modelId: string,
  step: 'subject' | 'photos' | 'settings' | 'review',
): Promise<ModelView> {
  const model = await load((queryClient, trpc) =>
    queryClient.fetchQuery(trpc.models.get.queryOptions({ id: modelId })),
  );
  if (model.state !== 'draft' && model.state !== 'failed') redirect(`/models/${modelId}`);
  if (step !== 'subject' && !consentStands(model.consent, model.classWord)) redirect(`/train/${modelId}/subject`);
  return model;
}
