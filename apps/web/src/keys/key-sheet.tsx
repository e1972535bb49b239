'use client';

import { Button, Kbd } from '@pixgen/ui';
import { Modal } from '@pixgen/ui/modal';
import { useTranslations } from 'next-intl';
import { type KeyboardEvent, useRef, useState } from 'react';
import { type Choosable, keyFor } from './meant-key';
import { chooseKey, forgetOwnKeys, hasOwnKeys, isChoosable, KEY_BINDINGS, type KeyScope, keysOf } from './registry';

const SCOPES = ['everywhere', 'studio', 'pictures'] as const satisfies KeyScope[];
type Note = { tone: 'said' | 'refused'; text: string };

/** All keys, by place. Those that are a character can be chosen anew. */
export function KeySheet({ onClose }: { onClose: () => void }) {
  const t = useTranslations('shell');
  const [changing, setChanging] = useState<Choosable | null>(null);
  const [note, setNote] = useState<Note | null>(null);
  function choose(name: Choosable, pressed: string | null) {
    if (pressed === null) return setChanging(null);
    const refusal = chooseKey(name, pressed);
    if (refusal === 'notACharacter') return setNote({ tone: 'refused', text: t('onlyACharacterCanBe') });
    if (refusal) return setNote({ tone: 'refused', text: t('thatKeyIsTaken', { act: t(`keys.${refusal.takenBy}`) }) });
    setChanging(null);
    setNote({ tone: 'said', text: t('listensTo', { act: t(`keys.${name}`), key: keyFor(name) }) });
  }
  return (
    <Modal title={t('keyboardShortcuts')} closeLabel={t('close')} onClose={onClose}>
      <div className="grid gap-6 sm:grid-cols-2">
        {SCOPES.map((scope) => (
          <section key={scope} className="grid content-start gap-2 last:sm:col-span-2">
            <h3 className="text-ink-2 text-sm">{t(`scopes.${scope}`)}</h3>
            {/* The longest list, in the two columns of the sheet. */}
            <dl className="grid gap-x-6 gap-y-1.5 text-sm in-[section:last-child]:sm:grid-cols-2">
              {KEY_BINDINGS.filter((binding) => binding.scope === scope).map((binding) => (
                <div key={binding.name} className="flex min-h-8 items-center justify-between gap-4">
                  <dt>{t(`keys.${binding.name}`)}</dt>
                  <dd className="flex items-center gap-1">
                    {isChoosable(binding.name) ? (
                      <KeyButton
                        name={binding.name}
                        listening={changing === binding.name}
                        onListen={(name) => {
                          setNote(null);
                          setChanging(name);
                        }}
                        onKey={choose}
                      />
                    ) : (
                      keysOf(binding).map((key) => (key === '…' ? '…' : <Kbd key={key}>{key}</Kbd>))
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

/** The key of an act; pressed, it waits for another one. */
function KeyButton(props: {
  name: Choosable;
  listening: boolean;
  onListen: (name: Choosable | null) => void;
  /** The key as `KeyboardEvent.key` names it; null when it shall stay. */
  onKey: (name: Choosable, pressed: string | null) => void;
}) {
  const { name, listening } = props;
  const t = useTranslations('shell');
  /** Space was the wish: in some browsers a button is pressed when it is let go of. */
  const spaceIsDown = useRef(false);
  /** The next key is the wish, whatever it does elsewhere; Tab and Esc leave things as they are. */
  function listen(event: KeyboardEvent) {
    if (!listening || event.key === 'Tab') return;
    // Shift and the like come before the character that they are part of.
    if (/^(Shift|Control|Alt|AltGraph|Meta|Dead)$/.test(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    spaceIsDown.current = event.key === ' ';
    // With Ctrl it is no character, whatever its name.
    const pressed = event.ctrlKey || event.metaKey ? '' : event.key;
    props.onKey(name, event.key === 'Escape' ? null : pressed);
  }
  return (
    <Button
      size="sm"
      variant={listening ? 'primary' : 'ghost'}
      aria-label={listening ? undefined : t('changeTheKeyFor', { act: t(`keys.${name}`), key: keyFor(name) })}
      title={t('changeTheKey')}
      className="-mr-3 max-sm:max-w-none"
      onClick={() => props.onListen(name)}
      onKeyDown={listen}
      onKeyUp={(event) => {
        if (event.key === ' ' && spaceIsDown.current) event.preventDefault();
        spaceIsDown.current = false;
      }}
      onBlur={() => props.onListen(null)}
    >
      {listening ? t('pressAKey') : <Kbd>{keyFor(name)}</Kbd>}
    </Button>
  );
}
