import type { Metadata } from 'next';
import { Entrance } from '@/account/entrance';
import { ReportPanel } from '@/reports/report-panel';
import { ApiProvider } from '@/trpc/client';

export const metadata: Metadata = { title: 'Report a picture' };

export default function ReportPage() {
  return (
    <Entrance
      title="Report a picture"
      lead="Somebody made a picture of you without asking, or one that must not be? Say so here; you need no account. A person decides within 48 hours."
    >
      <ApiProvider>
        <ReportPanel />
      </ApiProvider>
    </Entrance>
  );
}
