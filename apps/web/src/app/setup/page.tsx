import type { Metadata } from 'next';
import { SetUpForm } from '@/account/credentials-form';
import { Entrance } from '@/account/entrance';

export const metadata: Metadata = { title: 'Set up' };

export default function SetUpPage() {
  return (
    <Entrance
      title="Set up PixGen"
      lead="This link makes the first administrator. It works once; afterwards people sign in as usual."
    >
      <SetUpForm />
    </Entrance>
  );
}
