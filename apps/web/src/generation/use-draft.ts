'use client';

import type { GpuProfile } from '@pixgen/domain';
import { useEffect, useRef, useState } from 'react';
import { type DrawForm, defaultDraw, readDraft } from './draw-input';

/**
 * The studio's form. It survives reloads and changes of the model, in this browser and for this account alone; what a
 * link brought along goes before it.
 */
export function useDraft(accountId: string, modelId: string, profile: GpuProfile, given: Partial<DrawForm> | null) {
  const name = `pixgen-draft:${accountId}`;
  const [form, setForm] = useState<DrawForm>(() => ({ ...defaultDraw(profile), ...given }));
  const read = useRef(false);
  useEffect(() => {
    if (!read.current) {
      read.current = true;
      const stored = given ? null : readDraft(readStorage(name), profile);
      if (stored) return setForm((now) => (now.prompt === '' ? stored : now));
      // The next reload finds the draft, not the link.
      if (given) window.history.replaceState(null, '', withoutRecipe(window.location.href, modelId));
    }
    writeStorage(name, JSON.stringify(form));
  }, [name, modelId, form, given, profile]);
  const change = (part: Partial<DrawForm>) => setForm((all) => ({ ...all, ...part }));
  return [form, change] as const;
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
