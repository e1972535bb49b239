/** For tests of functions that are told their words. */
import { createTranslator } from 'next-intl';
import type { Namespace, Words } from './messages';
import messages from './messages/en.json' with { type: 'json' };

/** The English words of a namespace. */
export function english<N extends Namespace>(namespace: N): Words<N> {
  return createTranslator({ locale: 'en', messages, namespace, timeZone: 'UTC' }) as Words<N>;
}
