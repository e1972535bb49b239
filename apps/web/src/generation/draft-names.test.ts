import { expect, it } from 'vitest';
import { draftName, forgetDrafts } from './draft-names';

it('signing out forgets the prompts of everybody who signed in here, and keeps how the page should look', () => {
  const kept: Record<string, string> = { [draftName('a')]: 'a prompt', [draftName('b')]: 'another', theme: 'dark' };
  const storage = new Proxy(kept, {
    get: (all, name) => (name === 'removeItem' ? (key: string) => void delete all[key] : Reflect.get(all, name)),
  });
  forgetDrafts(storage as unknown as Storage);
  expect(kept).toEqual({ theme: 'dark' });
});
