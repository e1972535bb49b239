import type { Metadata } from 'next';
import { Entrance } from '@/account/entrance';
import { ErasureProgress } from '@/erasure/erasure-progress';
import { ApiProvider } from '@/trpc/client';

export const metadata: Metadata = { title: 'Erasure' };

export default function ErasurePage() {
  return (
    <Entrance title="Your data" lead="What was erased, with a receipt to keep.">
      <ApiProvider>
        <ErasureProgress />
      </ApiProvider>
    </Entrance>
  );
}
