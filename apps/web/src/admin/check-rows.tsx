import type { SystemCheck } from '@pixgen/domain';
import { Badge } from '@pixgen/ui';
import { CircleAlert, CircleCheck } from 'lucide-react';
import { useTranslations } from 'next-intl';

/** Each part of the installation with what is wrong and what mends it: on the set-up page and for administrators alike. */
export function CheckRows({ checks }: { checks: readonly SystemCheck[] }) {
  const t = useTranslations('checks');
  const broken = checks.filter(({ ok }) => !ok).length;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <p role="status" className="text-ink-2 text-sm">
        {broken === 0 ? t('allWell') : t('someBroken', { count: broken })}
      </p>
      <ul
        aria-label={t('list')}
        className="grid grid-cols-[minmax(0,1fr)] divide-y divide-line overflow-hidden rounded-card border border-line bg-surface"
      >
        {checks.map(({ name, ok, cause }) => {
          const Icon = ok ? CircleCheck : CircleAlert;
          return (
            <li key={name} data-ok={ok} className="flex items-start gap-3 px-4 py-3 text-sm">
              <Icon
                aria-hidden="true"
                className={`mt-0.5 size-[1.1rem] shrink-0 ${ok ? 'text-good' : 'text-danger'}`}
              />
              <div className="grid min-w-0 flex-1 gap-1">
                <p className="font-medium">{t(`names.${name}`)}</p>
                <p className="break-words text-ink-2">{ok ? t(`fine.${name}`) : t(`fixes.${name}`)}</p>
                {cause && <p className="break-words font-mono text-danger text-xs">{cause}</p>}
              </div>
              <Badge tone={ok ? 'good' : 'danger'}>{ok ? t('works') : t('broken')}</Badge>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
