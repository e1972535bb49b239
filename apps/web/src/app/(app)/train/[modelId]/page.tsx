import { redirect } from 'next/navigation';

export default async function DraftPage({ params }: { params: Promise<{ modelId: string }> }) {
  redirect(`/train/${(await params).modelId}/subject`);
}
