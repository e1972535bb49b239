'use client';

import { useTranslations } from 'next-intl';
import { ReactCompareSlider, ReactCompareSliderImage } from 'react-compare-slider';

type Source = { src: string; srcSet: string; sizes: string; alt: string; placeholder: string | null };

/** One picture under the other; the handle is a slider for the keyboard, too. */
export default function CompareSlider({ left, right }: { left: Source; right: Source }) {
  const t = useTranslations('gallery');
  return (
    <ReactCompareSlider
      aria-label={t('howMuchOfAIs')}
      className="size-full"
      itemOne={<Side {...left} />}
      itemTwo={<Side {...right} />}
    />
  );
}

function Side({ placeholder, ...source }: Source) {
  const style = { objectFit: 'contain', ...(placeholder && { backgroundColor: placeholder }) } as const;
  return <ReactCompareSliderImage {...source} style={style} />;
}
