import { LinkButton, Notice } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { REFERENCE } from './address';
import type { Missing } from './find-reference';

/** The API, which describes itself, gave nothing to show. */
export function ReferenceMissing({ missing }: { missing: Missing }) {
  const t = useTranslations('apiReference');
  return (
    <div className="grid max-w-2xl gap-6">
      <h1 className="font-semibold text-[1.75rem] leading-tight tracking-[-0.022em] sm:text-[2.125rem]">
        {t('title')}
      </h1>
      <Notice
        tone="danger"
        title={t('missing.title')}
        action={
          <LinkButton href={REFERENCE} size="sm" variant="primary">
            {t('missing.tryAgain')}
          </LinkButton>
        }
      >
        <p>
          {missing.why === 'refused' ? t('missing.refused', { status: missing.status }) : t(`missing.${missing.why}`)}
        </p>
        <p>{t('missing.whatToDo')}</p>
      </Notice>
    </div>
  );
}
