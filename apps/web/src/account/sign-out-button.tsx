'use client';

import { Button } from '@pixgen/ui';
import { LogOut } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { signOut } from './sign-out';

export function SignOutButton() {
  const t = useTranslations('settings');
  const [busy, setBusy] = useState(false);
  return (
    <Button
      busy={busy}
      onClick={() => {
        setBusy(true);
        void signOut();
      }}
    >
      <LogOut aria-hidden="true" /> {t('signOut')}
    </Button>
  );
}
