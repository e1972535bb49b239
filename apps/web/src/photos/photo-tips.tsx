import { Check, X } from 'lucide-react';

const GOOD = {
  person: [
    'One person in the picture',
    'Different days, light and clothes',
    'Front, half profile and profile',
    'Sharp and close enough to see the eyes',
  ],
  thing: [
    'Only this subject in the picture',
    'Different places and light',
    'Seen from all sides',
    'Sharp and filling a third of the frame',
  ],
};
const BAD = {
  person: [
    'Other faces beside it',
    'Sunglasses, masks, strong filters',
    'The same shot many times',
    'Screenshots and tiny crops',
  ],
  thing: ['Others of its kind beside it', 'Heavy filters', 'The same shot many times', 'Screenshots and tiny crops'],
};

/** What makes a set good, before the first photo is in. */
export function PhotoTips({ person }: { person: boolean }) {
  const kind = person ? 'person' : 'thing';
  return (
    <div className="grid gap-6 sm:grid-cols-2">
      <Tips title="Works well" items={GOOD[kind]} good />
      <Tips title="Leave out" items={BAD[kind]} />
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
