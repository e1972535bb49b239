import { redirect } from 'next/navigation';
import { draftStep } from '@/models/words';
import { loadDraft } from '@/training/load-draft';

/** A draft without a step goes on where something is left to do. */
export default async function DraftPage({ params }: { params: Promise<{ modelId: string }> }) {
  const model = await loadDraft((await params).modelId, 'subject');
  redirect(`/train/${model.id}/${draftStep(model)}`);
}
