import { LIMITS } from '@pixgen/domain';

const STEPS = [
  {
    title: 'Photos',
    text: `You add ${LIMITS.photos.min} to ${LIMITS.photos.max} photos and confirm that you may use them. Each is checked, turned upright and freed of its location data; one that does not fit says why.`,
  },
  {
    title: 'Training',
    text: 'A GPU learns the subject from them. You watch the steps and the loss as they happen, may close the page and come back, and may cancel at any time.',
  },
  {
    title: 'Pictures',
    text: 'Write a prompt, or run a pack of prepared ones. Pictures come up one by one where you stand; one that fails says why and keeps the others.',
  },
  {
    title: 'Yours',
    text: 'The gallery keeps every picture with the recipe it was made from. The trained weights are an ordinary LoRA file that you can download.',
  },
];

/** How one run goes, in its real order. */
export function Steps() {
  return (
    <section id="how" className="border-line border-y bg-surface" aria-labelledby="how-title">
      <div className="mx-auto grid max-w-6xl gap-12 px-5 py-20 sm:px-8">
        <h2 id="how-title" className="font-display text-4xl tracking-[-0.02em]">
          How a run works
        </h2>
        <ol className="grid gap-x-8 gap-y-10 sm:grid-cols-2 lg:grid-cols-4">
          {STEPS.map((step, index) => (
            <li key={step.title} className="grid content-start gap-3 border-accent border-t-2 pt-5">
              <span className="font-mono text-accent text-sm">{index + 1}</span>
              <h3 className="font-semibold text-lg">{step.title}</h3>
              <p className="text-ink-2">{step.text}</p>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

const PROMISES = [
  [
    'Nobody else looks',
    'Photos, weights and pictures open only for the account that made them. There is no public gallery.',
  ],
  [
    'The price comes first',
    'The button says what a run costs before you press it. On your own machine that is nothing; a job that fails costs nothing anywhere.',
  ],
  [
    'Nothing is lost',
    'Reload, switch devices or lose the network in the middle of a training: it goes on, and the page finds it again. Deleted pictures can be brought back for 30 days.',
  ],
  [
    'Consent first',
    'A person is trained only after a statement that they are an adult and agree. Without it the training does not start.',
  ],
] as const;

export function Promises() {
  return (
    <section
      className="mx-auto grid max-w-6xl gap-12 px-5 py-20 sm:px-8 lg:grid-cols-[1fr_2fr]"
      aria-labelledby="promises-title"
    >
      <h2 id="promises-title" className="font-display text-4xl leading-tight tracking-[-0.02em]">
        What you can rely on
      </h2>
      <dl className="grid gap-x-10 gap-y-9 sm:grid-cols-2">
        {PROMISES.map(([title, text]) => (
          <div key={title} className="grid content-start gap-2">
            <dt className="font-semibold text-lg">{title}</dt>
            <dd className="text-ink-2">{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
