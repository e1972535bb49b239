'use client';

import { Button } from '@pixgen/ui';
import { LogOut } from 'lucide-react';
import { useState } from 'react';
import { signOut } from './sign-out';

export function SignOutButton() {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      busy={busy}
      onClick={() => {
        setBusy(true);
        void signOut();
      }}
    >
      <LogOut aria-hidden="true" /> Sign out
    </Button>
  );
}
