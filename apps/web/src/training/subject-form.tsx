'use client';

import { type ConsentInput, LIMITS, type ModelView } from '@pixgen/domain';
import { Button, Checkbox, cn, Field, Input, Notice } from '@pixgen/ui';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useTRPC } from '@/trpc/client';
import { failureOf, fieldError } from '@/trpc/failure';
import type { SubjectChoices } from './subject-choices';

type Subject = ConsentInput['subject'];

/** Step 1: who or what it is, and the statement that one may. Makes the draft, or changes it. */
export function SubjectForm({ model, choices }: { model: ModelView | null; choices: SubjectChoices }) {
  const router = useRouter();
  const trpc = useTRPC();
  const [name, setName] = useState(model?.name ?? '');
  const [classWord, setClassWord] = useState(model?.classWord ?? '');
  const [who, setWho] = useState<Subject>(model?.consent?.subject ?? 'self');
  const [accepted, setAccepted] = useState(model?.consent !== null && model !== null);
  const [missing, setMissing] = useState<{ name?: string; classWord?: string; consent?: string }>({});
  const onSuccess = ({ id }: { id: string }) => router.push(`/train/${id}/photos`);
  const create = useMutation(trpc.models.create.mutationOptions({ onSuccess }));
  const update = useMutation(trpc.models.update.mutationOptions({ onSuccess }));
  const error = create.error ?? update.error;

  const isPerson = (words: string) =>
    words
      .toLowerCase()
      .split(/\s+/)
      .some((word) => choices.people.includes(word));
  const person = isPerson(classWord);
  const subject: Subject = person ? (who === 'not-a-person' ? 'self' : who) : 'not-a-person';

  function submit(event: FormEvent) {
    event.preventDefault();
    const gaps = {
      ...(!name.trim() && { name: 'Give the model a name.' }),
      ...(!classWord.trim() && { classWord: 'Say what the subject is.' }),
      ...(!accepted && { consent: 'Confirm the statement to go on.' }),
    };
    setMissing(gaps);
    if (Object.keys(gaps).length > 0) return;
    const consent: ConsentInput = { subject, accepted: true, adult: true, textVersion: choices.consentVersion };
    if (model) update.mutate({ id: model.id, name, classWord, consent });
    else create.mutate({ name, classWord, consent });
  }

  return (
    <form onSubmit={submit} noValidate className="grid max-w-2xl gap-8">
      {error && <Notice tone="danger">{failureOf(error).message}</Notice>}
      <Field label="Name" hint="Only you see it." error={missing.name ?? fieldError(error, 'name')}>
        <Input
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={LIMITS.name.max}
          autoComplete="off"
          placeholder="Me, spring 2026"
        />
      </Field>
      <div className="grid gap-3">
        <Field
          label="What is it?"
          hint="One or two plain words. They stand next to the trigger word in every prompt."
          error={missing.classWord ?? fieldError(error, 'classWord')}
        >
          <Input
            value={classWord}
            onChange={(event) => changeClass(event.target.value)}
            maxLength={41}
            autoComplete="off"
            placeholder="woman"
          />
        </Field>
        <ul aria-label="Common subjects" className="flex flex-wrap gap-2">
          {choices.words.map((word) => (
            <li key={word}>
              <button
                type="button"
                aria-pressed={classWord === word}
                onClick={() => changeClass(word)}
                className={cn(
                  'h-8 rounded-full border border-edge/60 px-3.5 text-sm transition-colors hover:border-edge hover:bg-sunken',
                  classWord === word &&
                    'border-accent bg-accent-soft font-medium text-accent-strong hover:bg-accent-soft dark:text-accent',
                )}
              >
                {word}
              </button>
            </li>
          ))}
        </ul>
      </div>
      {classWord.trim() && (
        <fieldset className="grid animate-rise gap-4 rounded-card border border-line bg-surface p-5">
          <legend className="float-left mb-1 w-full font-medium">Your statement</legend>
          {person && (
            <div className="grid gap-2 text-sm">
              <Choice checked={subject === 'self'} onChoose={() => changeWho('self')} label="It is me" />
              <Choice
                checked={subject === 'permitted'}
                onChoose={() => changeWho('permitted')}
                label="It is someone who agreed"
              />
            </div>
          )}
          <Checkbox
            checked={accepted}
            onChange={(event) => setAccepted(event.target.checked)}
            aria-describedby="consent-error"
          >
            {choices.consentText[subject]}
          </Checkbox>
          <p id="consent-error" role="alert" className="font-medium text-danger text-sm empty:hidden">
            {!accepted && missing.consent}
          </p>
        </fieldset>
      )}
      <div className="flex justify-end border-line border-t pt-6">
        <Button type="submit" variant="primary" busy={create.isPending || update.isPending}>
          Continue to photos
        </Button>
      </div>
    </form>
  );

  /** Another statement needs another tick. */
  function changeClass(word: string) {
    if (isPerson(word) !== person) setAccepted(false);
    setClassWord(word);
  }
  function changeWho(next: Subject) {
    if (next !== subject) setAccepted(false);
    setWho(next);
  }
}

function Choice(props: { checked: boolean; onChoose: () => void; label: string }) {
  return (
    <label className="flex items-center gap-3">
      <input
        type="radio"
        name="who"
        checked={props.checked}
        onChange={props.onChoose}
        className="size-[1.15rem] accent-accent"
      />
      {props.label}
    </label>
  );
}
