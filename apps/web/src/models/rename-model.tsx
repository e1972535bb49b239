'use client';

import { LIMITS, type ModelView } from '@pixgen/domain';
import { Button, Field, Input, SubmitButton } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import type { FormEvent } from 'react';

/** @param props.onName told the new name, never an empty one */
export default function RenameModel(props: {
  model: ModelView;
  busy: boolean;
  onName: (name: string) => void;
  onCancel: () => void;
}) {
  const t = useTranslations('models');
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name') ?? '').trim();
    if (name) props.onName(name);
  }
  return (
    <form onSubmit={submit} className="flex max-w-md items-end gap-2">
      <Field label={t('newName')} className="flex-1">
        <Input
          name="name"
          defaultValue={props.model.name}
          required
          maxLength={LIMITS.name.max}
          autoComplete="off"
          autoFocus
        />
      </Field>
      <SubmitButton variant="primary" busy={props.busy}>
        {t('save')}
      </SubmitButton>
      <Button variant="ghost" onClick={props.onCancel}>
        {t('cancel')}
      </Button>
    </form>
  );
}
