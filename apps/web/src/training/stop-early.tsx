import { Checkbox } from '@pixgen/ui';
import { useTranslations } from 'next-intl';

/** The wish that a training ends when more steps bring no more likeness. */
export function StopEarly(props: { checked: boolean; onChange: (checked: boolean) => void; hasSamples: boolean }) {
  const t = useTranslations('wizard');
  return (
    <div className="sm:col-span-2 lg:col-span-3">
      <Checkbox checked={props.checked} onChange={(event) => props.onChange(event.target.checked)}>
        {t('endEarlyWhenMoreSteps')}
      </Checkbox>
      {props.checked && !props.hasSamples && (
        <p role="alert" className="mt-1 text-danger text-sm">
          {t('writeAtLeastOneSample')}
        </p>
      )}
    </div>
  );
}
