'use client';

import type { GpuProfile } from '@pixgen/domain';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { draftName } from './draft-names';
import { type DrawForm, defaultDraw, readDraft } from './draw-input';

/**
 * The studio's form. It survives reloads and changes of the model, in this browser and for this account alone; what a
 * link brought along goes before it, and so does what somebody changes before it could be read.
 * @param promptBox what is typed there before React has taken over stands in the element alone
 */
export function useDraft(
  account: { id: string; profile: GpuProfile },
  modelId: string,
  given: Partial<DrawForm> | null,
  promptBox: RefObject<HTMLTextAreaElement | null>,
) {
  const { profile } = account;
  const name = draftName(account.id);
  const [form, setForm] = useState<DrawForm>(() => ({ ...defaultDraw(profile), ...given }));
  const [typedOver] = useState(() => (given && typeof document !== 'undefined' ? typedInPage() : undefined));
  const read = useRef(false);
  const changed = useRef<Partial<DrawForm>>({});
  useEffect(() => {
    if (!read.current) {
      read.current = true;
      const stored = given ? null : readDraft(readStorage(name), profile);
      const shown = (given ? typedOver : promptBox.current?.value) ?? form.prompt;
      const typed = shown === form.prompt ? null : { prompt: shown };
      // The next reload finds the draft, not the link.
      if (given) window.history.replaceState(null, '', withoutRecipe(window.location.href, modelId));
      if (stored || typed) return setForm((now) => ({ ...now, ...stored, ...typed, ...changed.current }));
    }
    writeStorage(name, JSON.stringify(form));
  }, [name, modelId, form, given, typedOver, profile, promptBox]);
  const change = (part: Partial<DrawForm>) => {
    if (!read.current) Object.assign(changed.current, part);
    setForm((all) => ({ ...all, ...part }));
  };
  return [form, change] as const;
}

const typedInto = new WeakMap<Element, string>();

/**
 * What was typed into the box that the server had filled; nothing where nobody did. Each time React tries to take such a
 * box over it gives it the server's text back, and it may try more than once: what was there is remembered from the first.
 */
function typedInPage(): string | undefined {
  const box = document.querySelector<HTMLTextAreaElement>('textarea[name=prompt]');
  if (!box) return undefined;
  if (box.value !== box.defaultValue) typedInto.set(box, box.value);
  return typedInto.get(box);
}

function withoutRecipe(href: string, modelId: string): string {
  const url = new URL(href);
  url.searchParams.set('model', modelId);
  for (const part of ['prompt', 'image', 'generation', 'seed']) url.searchParams.delete(part);
  return url.pathname + url.search;
}

function readStorage(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Without storage (private modes) a draft lives as long as its page. */
function writeStorage(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {}
}
