import { LIMITS } from '@pixgen/domain';
import { useTranslations } from 'next-intl';

const STEPS = ['photos', 'training', 'pictures', 'yours'] as const;
const PROMISES = ['private', 'price', 'lasting', 'consent'] as const;

/** How one run goes, in its real order. */
export function Steps() {
  const t = useTranslations('landing');
  return (
    <section id="how" className="border-line border-y bg-surface" aria-labelledby="how-title">
      <div className="mx-auto grid max-w-6xl gap-12 px-5 py-20 sm:px-8">
        <h2 id="how-title" className="font-display text-4xl tracking-[-0.02em]">
          {t('howARunWorks')}
        </h2>
        <ol className="grid gap-x-8 gap-y-10 sm:grid-cols-2 lg:grid-cols-4">
          {STEPS.map((step, index) => (
            <li key={step} className="grid content-start gap-3 border-accent border-t-2 pt-5">
              <span className="font-mono text-accent text-sm">{index + 1}</span>
              <h3 className="font-semibold text-lg">{t(`steps.${step}.title`)}</h3>
              <p className="text-ink-2">{t(`steps.${step}.text`, LIMITS.photos)}</p>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

export function Promises() {
  const t = useTranslations('landing');
  return (
    <section
      className="mx-auto grid max-w-6xl gap-12 px-5 py-20 sm:px-8 lg:grid-cols-[1fr_2fr]"
      aria-labelledby="promises-title"
    >
      <h2 id="promises-title" className="font-display text-4xl leading-tight tracking-[-0.02em]">
        {t('whatYouCanRelyOn')}
      </h2>
      <dl className="grid gap-x-10 gap-y-9 sm:grid-cols-2">
        {PROMISES.map((name) => (
          <div key={name} className="grid content-start gap-2">
            <dt className="font-semibold text-lg">{t(`promises.${name}.title`)}</dt>
            <dd className="text-ink-2">{t(`promises.${name}.text`)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
