import type { ModelView } from '@pixgen/domain';
import { Badge } from '@pixgen/ui';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Print } from '@/gallery/print';
import { SunPrint } from '@/landing/sun-print';
import { MODEL_STATE_TONES, modelPath } from './words';

const STAND_INS = ['contour', 'umbel', 'grass', 'leaf'] as const;

/** A model as a mounted print with its name under it. */
export function ModelCard({ model }: { model: ModelView }) {
  const t = useTranslations('models');
  return (
    <Link href={modelPath(model)} className="group grid min-w-0 grid-cols-[minmax(0,1fr)] gap-3 rounded-print">
      <div className="overflow-hidden rounded-print border border-line bg-sunken transition-shadow group-hover:shadow-lift">
        {model.coverImageId ? (
          <Print
            src={`/i/${model.coverImageId}`}
            alt=""
            width={400}
            height={400}
            sizes="(min-width: 64rem) 240px, 45vw"
            thumbhash={model.coverThumbhash}
            className="aspect-square w-full object-cover"
          />
        ) : (
          <SunPrint
            seed={seedOf(model.id)}
            kind={STAND_INS[seedOf(model.id) % STAND_INS.length] ?? 'leaf'}
            className="aspect-square"
          />
        )}
      </div>
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <p className="truncate font-medium group-hover:text-accent">{model.name}</p>
          <p className="truncate text-ink-2 text-sm">
            {model.classWord}
            {model.state === 'draft' && t('photos', { ready: model.photoCounts.ready })}
          </p>
        </div>
        <Badge tone={MODEL_STATE_TONES[model.state]}>{t(`states.${model.state}`)}</Badge>
      </div>
    </Link>
  );
}

/** The last digits of an id: enough to draw each model its own stand-in. */
function seedOf(id: string): number {
  return Number.parseInt(id.slice(-6), 16);
}
