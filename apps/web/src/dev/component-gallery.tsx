'use client';

import {
  Badge,
  Button,
  Card,
  Checkbox,
  Confirm,
  EmptyState,
  Facts,
  Field,
  IconButton,
  Input,
  Kbd,
  LinkButton,
  Menu,
  Notice,
  PageHeader,
  Progress,
  Section,
  Segmented,
  Select,
  Skeleton,
  Slider,
  Spinner,
  Stepper,
  SubmitButton,
  Table,
  Textarea,
  Toaster,
  toast,
} from '@pixgen/ui';
import { Modal } from '@pixgen/ui/modal';
import { Aperture, Heart, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { ThemeChoice } from '@/shell/theme-choice';
import { Colours, TypeScale } from './tokens';

/** What @pixgen/ui exports and is seen. */
type ComponentName = Exclude<
  keyof typeof import('@pixgen/ui') | keyof typeof import('@pixgen/ui/modal'),
  'buttonClass' | 'cn' | 'toast' | 'useField'
>;

/** A component without an entry here does not compile. */
const COMPONENTS: Record<ComponentName, ReactNode> = {
  Badge: (['neutral', 'accent', 'good', 'warn', 'danger'] as const).map((tone) => (
    <Badge key={tone} tone={tone}>
      {tone}
    </Badge>
  )),
  Button: (['primary', 'secondary', 'ghost', 'danger', 'quietDanger'] as const).map((variant) => (
    <span key={variant} className="flex w-full flex-wrap items-center gap-3">
      {(['sm', 'md', 'lg'] as const).map((size) => (
        <Button key={size} variant={variant} size={size}>
          {variant} {size}
        </Button>
      ))}
      <Button variant={variant} busy>
        busy
      </Button>
      <Button variant={variant} disabled>
        disabled
      </Button>
    </span>
  )),
  Card: <Card className="w-full">What stands on a sheet of its own.</Card>,
  Checkbox: (
    <>
      <Checkbox>open</Checkbox>
      <Checkbox defaultChecked>ticked</Checkbox>
      <Checkbox disabled>disabled</Checkbox>
    </>
  ),
  Confirm: (
    <>
      <Confirm
        danger
        trigger={<Button variant="quietDanger">which is refused</Button>}
        keep="Keep it"
        title="Delete Biscuit?"
        action="Delete"
        onConfirm={async () => 'A training is running.'}
      >
        Pictures stay; the model can be brought back for 30 days.
      </Confirm>
      <Confirm
        trigger={<Button>which is done</Button>}
        keep="Stay"
        title="Go on?"
        action="Go on"
        onConfirm={async () => null}
      />
    </>
  ),
  EmptyState: (
    <EmptyState
      className="w-full"
      art={<Aperture aria-hidden="true" className="size-8 text-accent" />}
      title="No pictures yet"
      action={<Button variant="primary">Open the studio</Button>}
    >
      Everything you make comes together here.
    </EmptyState>
  ),
  Facts: (
    <Facts
      items={[
        ['Steps', 800],
        ['Trigger word', 'sks_biscuit'],
      ]}
    />
  ),
  Field: (
    <>
      <Field label="plain" hint="with a hint" aside="12 / 40">
        <Input defaultValue="a value" />
      </Field>
      <Field label="faulty" error="Use 1 to 128.">
        <Input defaultValue="900" />
      </Field>
    </>
  ),
  IconButton: (
    <>
      <IconButton label="Favourite">
        <Heart aria-hidden="true" />
      </IconButton>
      <IconButton label="Delete" size="iconSm" variant="quietDanger">
        <Trash2 aria-hidden="true" />
      </IconButton>
      <IconButton label="Disabled" disabled>
        <Heart aria-hidden="true" />
      </IconButton>
    </>
  ),
  Input: (
    <>
      <Input aria-label="empty" placeholder="placeholder" />
      <Input aria-label="filled" defaultValue="a value" />
      <Input aria-label="disabled" defaultValue="disabled" disabled />
    </>
  ),
  Kbd: <Kbd>Ctrl ↵</Kbd>,
  LinkButton: (
    <>
      <LinkButton href="#link">secondary</LinkButton>
      <LinkButton href="#link" variant="primary">
        primary
      </LinkButton>
      <LinkButton href="#link" variant="ghost">
        ghost
      </LinkButton>
    </>
  ),
  Menu: (
    <Menu
      align="start"
      trigger={<Button>More</Button>}
      items={[
        { label: 'Remix', icon: <Aperture aria-hidden="true" />, onSelect: () => toast('Remixed') },
        { label: 'A link', href: '#menu' },
        null,
        { label: 'Delete', icon: <Trash2 aria-hidden="true" />, danger: true, onSelect: () => toast('Deleted') },
      ]}
    />
  ),
  Modal: <ModalButton />,
  Notice: (['info', 'good', 'warn', 'danger'] as const).map((tone) => (
    <Notice key={tone} tone={tone} title={tone} className="w-full" action={<Button size="sm">Do something</Button>}>
      What happened, and what to do now.
    </Notice>
  )),
  PageHeader: <PageHeader title="A page" lead="What it is for, in a sentence." actions={<Button>Do it</Button>} />,
  Progress: (
    <>
      <Progress label="a third" value={0.33} text="step 20 of 60" className="w-full" />
      <Progress label="nobody knows" value={null} className="w-full" />
      <Progress label="done" value={1} className="w-full" />
    </>
  ),
  Section: (
    <Section title="A part of a page" aside="3 of 12" className="w-full">
      <p>Its content.</p>
    </Section>
  ),
  Segmented: <SegmentedChoice />,
  Select: (
    <>
      <Select aria-label="enabled">
        <option>Balanced</option>
        <option>Best</option>
      </Select>
      <Select aria-label="disabled" disabled>
        <option>Balanced</option>
      </Select>
    </>
  ),
  Skeleton: (
    <>
      <Skeleton className="h-9 w-56" />
      <Skeleton className="size-24 rounded-print" />
    </>
  ),
  Slider: <SliderChoice />,
  Spinner: <Spinner className="size-6 text-accent" />,
  Stepper: (
    <Stepper
      label="Steps"
      doneLabel="(done)"
      className="w-full"
      steps={[
        { label: 'Subject', state: 'done', href: '#subject' },
        { label: 'Photos', state: 'current' },
        { label: 'Settings', state: 'open' },
      ]}
    />
  ),
  SubmitButton: (
    <form onSubmit={(event) => event.preventDefault()}>
      <SubmitButton variant="primary">Send</SubmitButton>
    </form>
  ),
  Table: (
    <Table
      className="w-full"
      caption="Loss by step"
      columns={[{ label: 'Step' }, { label: 'Loss' }, { label: 'Only where there is room', wideOnly: true }]}
      rows={[
        { key: 1, cells: [20, '0.1934', 'wide'] },
        { key: 2, cells: [40, '0.1207', 'wide'] },
      ]}
    />
  ),
  Textarea: (
    <>
      <Textarea aria-label="empty" placeholder="placeholder" />
      <Textarea aria-label="disabled" defaultValue="disabled" disabled />
    </>
  ),
  Toaster: (
    <>
      <Button onClick={() => toast('Picture moved to the trash', { action: { label: 'Undo', onClick: () => {} } })}>
        Show a note
      </Button>
      <Toaster />
    </>
  ),
};

/** All components of the UI library in their states, for those who work on it. */
export function ComponentGallery() {
  return (
    <div className="grid gap-12">
      <PageHeader
        title="Components"
        lead="What @pixgen/ui consists of, in all its states. The words to it are in docs/design-language.md."
        actions={<ThemeChoice />}
      />
      <Section title="Colours">
        <Colours />
      </Section>
      <Section title="Type">
        <TypeScale />
      </Section>
      {Object.entries(COMPONENTS).map(([name, shown]) => (
        <Section key={name} title={name}>
          <div data-component={name} className="flex flex-wrap items-center gap-3">
            {shown}
          </div>
        </Section>
      ))}
    </div>
  );
}

function ModalButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Open</Button>
      {open && (
        <Modal title="Keyboard shortcuts" closeLabel="Close" onClose={() => setOpen(false)}>
          <p>Closed by its button, by Escape and by a press beside it.</p>
        </Modal>
      )}
    </>
  );
}

function SegmentedChoice() {
  const [value, setValue] = useState<'linear' | 'log'>('linear');
  return (
    <Segmented
      label="Scale"
      value={value}
      onValue={setValue}
      options={[
        { value: 'linear', label: 'Linear' },
        { value: 'log', label: 'Log' },
      ]}
    />
  );
}

function SliderChoice() {
  const [value, setValue] = useState(4);
  return <Slider aria-label="Number of pictures" min={1} max={8} value={value} onValue={setValue} />;
}
