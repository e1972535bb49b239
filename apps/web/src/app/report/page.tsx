import { getTranslations } from 'next-intl/server';
import { Entrance } from '@/account/entrance';
import { titled } from '@/language/titled';
import { ReportPanel } from '@/reports/report-panel';
import { ApiProvider } from '@/trpc/client';

export const generateMetadata = titled('reportAPicture');

export default async function ReportPage() {
  const t = await getTranslations('reports');
  return (
    <Entrance title={t('reportAPicture')} lead={t('somebodyMadeAPicture')}>
      <ApiProvider>
        <ReportPanel />
      </ApiProvider>
    </Entrance>
  );
}
