import { Checkbox } from '@pixgen/ui';

/** The wish that a training ends when more steps bring no more likeness. */
export function StopEarly(props: { checked: boolean; onChange: (checked: boolean) => void; hasSamples: boolean }) {
  return (
    <div className="sm:col-span-2 lg:col-span-3">
      <Checkbox checked={props.checked} onChange={(event) => props.onChange(event.target.checked)}>
        End early when more steps bring no more likeness; steps that are not done cost nothing
      </Checkbox>
      {props.checked && !props.hasSamples && (
        <p role="alert" className="mt-1 text-danger text-sm">
          Write at least one sample prompt: the samples are what it is judged by.
        </p>
      )}
    </div>
  );
}
