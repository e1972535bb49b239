import { getMessages } from 'next-intl/server';
import type { ReactNode } from 'react';
import { AddWords } from './add-words';
import type { Namespace } from './messages';

/**
 * A layout that hands the browser those messages which the islands below it need, on top of what layouts above gave.
 * Server components find all messages without it; `namespaces.test.ts` tells which islands need what.
 */
export function wordsFor(...namespaces: readonly Namespace[]) {
  return async function WordsLayout({ children }: { children: ReactNode }) {
    return <Words of={namespaces}>{children}</Words>;
  };
}

/** The same around anything. */
export async function Words({ of, children }: { of: readonly Namespace[]; children: ReactNode }) {
  const all = await getMessages();
  return <AddWords messages={Object.fromEntries(of.map((name) => [name, all[name]]))}>{children}</AddWords>;
}
