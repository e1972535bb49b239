'use client';

import { Checkbox } from '@pixgen/ui';
import { useEffect, useState } from 'react';
import { setSingleKeys, singleKeysOn } from './registry';

/** For those whom single keys disturb: speech input types whole words of them. */
export function SingleKeysChoice() {
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
      Keys without Ctrl do something, such as f for favourite. Press ? to see them all.
    </Checkbox>
  );
}
