'use client';

import { Checkbox } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { setSingleKeys, singleKeysOn } from './registry';

/** For those whom single keys disturb: speech input types whole words of them. */
export function SingleKeysChoice() {
  const t = useTranslations('shell');
  const [on, setOn] = useState(true);
  useEffect(() => setOn(singleKeysOn()), []);
  return (
    <Checkbox
      checked={on}
      onChange={({ target }) => {
        setSingleKeys(target.checked);
        setOn(target.checked);
      }}
    >
      {t('keysWithoutCtrlDoSomething')}
    </Checkbox>
  );
}
