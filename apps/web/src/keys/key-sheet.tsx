'use client';

import { Button, Kbd } from '@pixgen/ui';
import { Modal } from '@pixgen/ui/modal';
import { useTranslations } from 'next-intl';
import { type KeyboardEvent, useRef, useState } from 'react';
import { chooseKey, forgetOwnKeys, hasOwnKeys, KEY_BINDINGS, type KeyBinding, type KeyScope, keysOf } from './registry';

const SCOPES = ['everywhere', 'studio', 'pictures'] as const satisfies KeyScope[];
type Note = { tone: 'said' | 'refused'; text: string };

/** All keys, by place. Those that are a character can be chosen anew. */
export function KeySheet({ onClose }: { onClose: () => void }) {
  const t = useTranslations('shell');
  const [changing, setChanging] = useState<KeyBinding['name'] | null>(null);
  const [note, setNote] = useState<Note | null>(null);
  /** Space was the wish: in some browsers a button is pressed when it is let go of. */
  const spaceIsDown = useRef(false);
  /** The next key is the wish, whatever it does elsewhere; Tab and Esc leave things as they are. */
  function listen(event: KeyboardEvent, binding: KeyBinding) {
    if (changing !== binding.name || event.key === 'Tab') return;
    // Shift and the like come before the character that they are part of.
    if (/^(Shift|Control|Alt|AltGraph|Meta|Dead)$/.test(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') return setChanging(null);
    spaceIsDown.current = event.key === ' ';
    const refusal = event.ctrlKey || event.metaKey ? 'notACharacter' : chooseKey(binding.name, event.key);
    if (refusal === 'notACharacter') return setNote({ tone: 'refused', text: t('onlyACharacterCanBe') });
    if (refusal) {
      return setNote({ tone: 'refused', text: t('thatKeyIsTaken', { act: t(`keys.${refusal.takenBy}`) }) });
    }
    setChanging(null);
    setNote({
      tone: 'said',
      text: t('listensTo', { act: t(`keys.${binding.name}`), key: keysOf(binding).join(' ') }),
    });
  }
  return (
    <Modal title={t('keyboardShortcuts')} closeLabel={t('close')} onClose={onClose}>
      <div className="grid gap-6 sm:grid-cols-2">
        {SCOPES.map((scope) => (
          <section key={scope} className="grid content-start gap-2">
            <h3 className="text-ink-2 text-sm">{t(`scopes.${scope}`)}</h3>
            <dl className="grid gap-1.5 text-sm">
              {KEY_BINDINGS.filter((binding) => binding.scope === scope).map((binding) => (
                <div key={binding.name} className="flex min-h-8 items-center justify-between gap-4">
                  <dt>{t(`keys.${binding.name}`)}</dt>
                  <dd className="flex items-center gap-1">
                    {binding.character === undefined ? (
                      binding.keys.map((key) => (key === '…' ? '…' : <Kbd key={key}>{key}</Kbd>))
                    ) : (
                      <Button
                        size="sm"
                        variant={changing === binding.name ? 'primary' : 'ghost'}
                        aria-label={
                          changing === binding.name
                            ? undefined
                            : t('changeTheKeyFor', { act: t(`keys.${binding.name}`), key: keysOf(binding).join(' ') })
                        }
                        title={t('changeTheKey')}
                        className="-mr-3"
                        onClick={() => {
                          setNote(null);
                          setChanging(binding.name);
                        }}
                        onKeyDown={(event) => listen(event, binding)}
                        onKeyUp={(event) => {
                          if (event.key === ' ' && spaceIsDown.current) event.preventDefault();
                          spaceIsDown.current = false;
                        }}
                        onBlur={() => setChanging(null)}
                      >
                        {changing === binding.name ? t('pressAKey') : <Kbd>{keysOf(binding).join(' ')}</Kbd>}
                      </Button>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p role="status" className={note?.tone === 'refused' ? 'text-danger text-sm' : 'text-ink-2 text-sm'}>
        {changing && note === null ? t('theNextKeyIsTheNew') : note?.text}
      </p>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-[48ch] text-ink-2 text-sm">{t('onAMacCmdStands')}</p>
        {hasOwnKeys() && (
          <Button
            size="sm"
            onClick={() => {
              forgetOwnKeys();
              setNote({ tone: 'said', text: t('theUsualKeysAreBack') });
            }}
          >
            {t('backToTheUsualKeys')}
          </Button>
        )}
      </div>
    </Modal>
  );
}
