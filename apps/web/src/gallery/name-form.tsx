'use client';

import { LIMITS } from '@pixgen/domain';
import { Button, Input, SubmitButton } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { useState } from 'react';

/** A name, asked for in place. */
export function NameForm(props: {
  label: string;
  action: string;
  start?: string;
  busy?: boolean;
  onName: (name: string) => void;
  onCancel: () => void;
}) {
  const t = useTranslations('gallery');
  const [name, setName] = useState(props.start ?? '');
  return (
    <form
      className="flex flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) props.onName(name.trim());
      }}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
    >
      <Input
        aria-label={props.label}
        placeholder={props.label}
        value={name}
        maxLength={LIMITS.name.max}
        autoFocus
        onChange={(event) => setName(event.target.value)}
        className="h-8 w-52"
      />
      <SubmitButton size="sm" variant="primary" disabled={!name.trim()} busy={props.busy}>
        {props.action}
      </SubmitButton>
      <Button size="sm" variant="ghost" onClick={props.onCancel}>
        {t('cancel')}
      </Button>
    </form>
  );
}
