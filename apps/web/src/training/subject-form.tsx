'use client';

import { type ConsentInput, LIMITS, type ModelView } from '@pixgen/domain';
import { Checkbox, cn, Field, Input, Notice, SubmitButton } from '@pixgen/ui';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useLocale, useTranslations } from 'next-intl';
import { type FormEvent, useRef, useState } from 'react';
import { languageOf } from '@/language/locales';
import { useTRPC } from '@/trpc/client';
import { failureOf, fieldError } from '@/trpc/failure';
import { Saved } from './saved';
import type { SubjectChoices } from './subject-choices';
import { useAutosave } from './use-autosave';
import { useNewestDraft } from './use-newest-draft';

type Subject = ConsentInput['subject'];

/**
 * Step 1: who or what it is, and the statement that one may. Name and subject make the draft as soon as both are there,
 * and are kept as they are typed; the statement counts once the person goes on.
 */
export function SubjectForm(props: { model: ModelView | null; choices: SubjectChoices }) {
  const t = useTranslations('wizard');
  const { choices } = props;
  const language = languageOf(useLocale());
  const router = useRouter();
  const trpc = useTRPC();
  const { draft: model, keep } = useNewestDraft(props.model);
  const draftId = useRef(model?.id ?? null);
  const creating = useRef<Promise<unknown>>(null);
  const [name, setName] = useState(model?.name ?? '');
  const [classWord, setClassWord] = useState(model?.classWord ?? '');
  const [who, setWho] = useState<Subject>(model?.consent?.subject ?? 'self');
  const [accepted, setAccepted] = useState(model?.consent?.textVersion === choices.consentVersion);
  const [age, setAge] = useState<'adult' | 'minor' | null>(accepted ? 'adult' : null);
  const [missing, setMissing] = useState<{ name?: string; classWord?: string; consent?: string; age?: string }>({});
  const create = useMutation(trpc.models.create.mutationOptions({ onSuccess: keep }));
  const update = useMutation(trpc.models.update.mutationOptions({ onSuccess: keep }));
  const agree = useMutation(trpc.models.update.mutationOptions({ onSuccess: keep }));
  const error = create.error ?? update.error ?? agree.error;
  // A training has learned it as what it is: it cannot become something else any more.
  const fixed = model !== null && model.state !== 'draft';
  const typed = { name: name.trim(), classWord: classWord.trim().toLowerCase() };
  const wordFits = new RegExp(choices.pattern).test(typed.classWord);
  const autosave = useAutosave(
    typed.name !== '' && wordFits ? typed : null,
    model && { name: model.name, classWord: model.classWord },
    async (next) => {
      // Who leaves while the draft is being made asks a second time; that makes no second draft.
      await creating.current;
      if (draftId.current) return update.mutateAsync({ id: draftId.current, ...next });
      const answer = create.mutateAsync(next);
      creating.current = answer.catch(() => undefined);
      const made = await answer;
      draftId.current = made.id;
      // From here on a reload opens this draft.
      window.history.replaceState(null, '', `/train/${made.id}/subject`);
    },
  );

  const isPerson = (words: string) =>
    words
      .toLowerCase()
      .split(/\s+/)
      .some((word) => choices.people.includes(word));
  const person = isPerson(classWord);
  const minor = person && age === 'minor';
  const subject: Subject = person ? (who === 'not-a-person' ? 'self' : who) : 'not-a-person';

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (minor) return;
    const gaps = {
      ...(!name.trim() && { name: t('giveTheModelAName') }),
      ...(!wordFits && { classWord: t(typed.classWord ? 'useOneOrTwoPlainWords' : 'sayWhatTheSubjectIs') }),
      ...(!accepted && { consent: t('confirmTheStatementToGo') }),
      ...(person && age === null && { age: t('sayWhetherThePersonIs', { minAge: choices.minAge }) }),
    };
    setMissing(gaps);
    if (Object.keys(gaps).length > 0) return;
    const consent = { subject, accepted: true, adult: true, textVersion: choices.consentVersion, language } as const;
    const kept = await autosave.flush();
    const id = draftId.current;
    if (kept && id) agree.mutate({ id, consent }, { onSuccess: () => router.push(`/train/${id}/photos`) });
  }

  return (
    <form onSubmit={submit} noValidate className="grid max-w-2xl gap-8">
      {agree.error && <Notice tone="danger">{failureOf(agree.error).message}</Notice>}
      <Field label={t('name')} hint={t('onlyYouSeeIt')} error={name.trim() ? fieldError(error, 'name') : missing.name}>
        <Input
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={LIMITS.name.max}
          autoComplete="off"
          placeholder={t('meSpring2026')}
        />
      </Field>
      <div className="grid gap-3">
        <Field
          label={t('whatIsIt')}
          hint={t(fixed ? 'whatItIsStays' : 'oneOrTwoPlainWords')}
          error={wordFits ? fieldError(error, 'classWord') : missing.classWord}
        >
          <Input
            value={classWord}
            readOnly={fixed}
            onChange={(event) => changeClass(event.target.value)}
            maxLength={41}
            autoComplete="off"
            placeholder={t('woman')}
          />
        </Field>
        {!fixed && (
          <ul aria-label={t('commonSubjects')} className="flex flex-wrap gap-2">
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
        )}
      </div>
      {classWord.trim() && (
        <fieldset className="grid animate-rise gap-4 rounded-card border border-line bg-surface p-5">
          <legend className="float-left mb-1 w-full font-medium">{t('yourStatement')}</legend>
          {person && (
            <div className="grid gap-2 text-sm">
              <Choice checked={subject === 'self'} onChoose={() => changeWho('self')} label={t('itIsMe')} />
              <Choice
                checked={subject === 'permitted'}
                onChoose={() => changeWho('permitted')}
                label={t('itIsSomeoneWhoAgreed')}
              />
            </div>
          )}
          {person && (
            <fieldset className="grid gap-2 text-sm" aria-describedby="age-error">
              <legend className="mb-2">{t('howOldIsThePerson')}</legend>
              <Choice
                name="age"
                checked={age === 'adult'}
                onChoose={() => setAge('adult')}
                label={t('orOlder', { minAge: choices.minAge })}
              />
              <Choice
                name="age"
                checked={age === 'minor'}
                onChoose={() => setAge('minor')}
                label={t('youngerThan', { minAge: choices.minAge })}
              />
              <p id="age-error" role="alert" className="font-medium text-danger text-sm empty:hidden">
                {age === null && missing.age}
              </p>
            </fieldset>
          )}
          {minor && (
            <Notice tone="danger" title={t('thisModelCannotBeMade')}>
              {t('noModelsOfPeopleUnder', { minAge: choices.minAge })}
            </Notice>
          )}
          <Checkbox
            checked={accepted}
            onChange={(event) => setAccepted(event.target.checked)}
            aria-describedby="consent-error"
          >
            {choices.consentText[language][subject]}
          </Checkbox>
          <p id="consent-error" role="alert" className="font-medium text-danger text-sm empty:hidden">
            {!accepted && missing.consent}
          </p>
        </fieldset>
      )}
      <div className="flex flex-wrap items-center justify-end gap-4 border-line border-t pt-6">
        <Saved state={autosave.state} />
        <SubmitButton variant="primary" disabled={minor} busy={agree.isPending || agree.isSuccess}>
          {t('continueToPhotos')}
        </SubmitButton>
      </div>
    </form>
  );

  /** Another statement needs another tick. */
  function changeClass(word: string) {
    if (isPerson(word) !== person) {
      setAccepted(false);
      setAge(null);
    }
    setClassWord(word);
  }
  function changeWho(next: Subject) {
    if (next !== subject) {
      setAccepted(false);
      setAge(null);
    }
    setWho(next);
  }
}

function Choice(props: { name?: string; checked: boolean; onChoose: () => void; label: string }) {
  return (
    <label className="flex items-center gap-3">
      <input
        type="radio"
        name={props.name ?? 'who'}
        checked={props.checked}
        onChange={props.onChoose}
        className="size-[1.15rem] accent-accent"
      />
      {props.label}
    </label>
  );
}
