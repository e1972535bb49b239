import { Check, X } from 'lucide-react';
import { useTranslations } from 'next-intl';

const GOOD = ['only', 'varied', 'sides', 'sharp'] as const;

/** What makes a set good, before the first photo is in. */
export function PhotoTips({ person }: { person: boolean }) {
  const t = useTranslations('photos');
  const kind = person ? 'person' : 'thing';
  return (
    <div className="grid gap-6 sm:grid-cols-2">
      <Tips title={t('worksWell')} items={GOOD.map((one) => t(`good.${kind}.${one}`))} good />
      <Tips
        title={t('leaveOut')}
        items={[t(`bad.${kind}.others`), t(`bad.${kind}.hidden`), t('bad.same'), t('bad.screens')]}
      />
    </div>
  );
}

function Tips({ title, items, good = false }: { title: string; items: readonly string[]; good?: boolean }) {
  const Icon = good ? Check : X;
  return (
    <section className="grid content-start gap-3">
      <h2 className="font-medium">{title}</h2>
      <ul className="grid gap-2 text-ink-2 text-sm">
        {items.map((item) => (
          <li key={item} className="flex items-center gap-2.5">
            <Icon aria-hidden="true" className={good ? 'size-4 shrink-0 text-good' : 'size-4 shrink-0 text-danger'} />
            {item}
          </li>
        ))}
      </ul>
    </section>
  );
}
