'use client';

import { Button, Checkbox } from '@pixgen/ui';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { setSingleKeys, singleKeysOn } from './meant-key';
import { OPEN_KEYS } from './shortcuts';

/** For those whom single keys disturb: speech input types whole words of them. */
export function SingleKeysChoice() {
  const t = useTranslations('shell');
  const [on, setOn] = useState(true);
  useEffect(() => setOn(singleKeysOn()), []);
  return (
    <div className="grid justify-items-start gap-3">
      <Checkbox
        checked={on}
        onChange={({ target }) => {
          setSingleKeys(target.checked);
          setOn(target.checked);
        }}
      >
        {t('keysWithoutCtrlDoSomething')}
      </Checkbox>
      <Button size="sm" onClick={() => window.dispatchEvent(new Event(OPEN_KEYS))}>
        {t('seeAndChangeTheKeys')}
      </Button>
    </div>
  );
}
