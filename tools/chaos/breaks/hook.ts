/**
 * Preloaded into processes of the product (`node --import`): gives them the source with the edits of the breaks that
 * `CHAOS_BREAKS` names. No file is written, so nothing has to be put back.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BREAKS, type Edit } from './breaks.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NAMES = 'CHAOS_BREAKS';

/** What a process of the product is told so that it runs broken; nothing when no break is asked for. */
export function breakEnvironment(): Record<string, string> {
  const names = process.env[NAMES];
  return names ? { [NAMES]: names, NODE_OPTIONS: `--import=${import.meta.url}` } : {};
}

/** Runs `work` while everything that is started is broken in this way. */
export async function whileBroken<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
  process.env[NAMES] = names.join(',');
  try {
    return await work();
  } finally {
    delete process.env[NAMES];
  }
}

/** @throws Error when an edit does not fit the source any more: a break that breaks nothing would show nothing */
export function applyEdits(edits: readonly Edit[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const path = join(ROOT, file);
    const text = texts.get(path) ?? readFileSync(path, 'utf8');
    const parts = text.split(find);
    if (parts.length !== 2)
      throw new Error(`${file}: "${find}" stands there ${parts.length - 1} times instead of once`);
    texts.set(path, parts.join(replace));
  }
  return texts;
}

/** @throws Error for a name that is none */
export function editsOf(names: readonly string[]): Edit[] {
  return names.flatMap((name) => {
    const found = BREAKS[name];
    if (!found) throw new Error(`no break is called ${name}; there are ${Object.keys(BREAKS).join(', ')}`);
    return found.edits;
  });
}

// Preloaded, not imported: the harness itself runs sound.
if (process.env[NAMES] && process.env.NODE_OPTIONS?.includes(import.meta.url)) {
  const broken = applyEdits(editsOf(process.env[NAMES].split(',')));
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const text = url.startsWith('file:') ? broken.get(fileURLToPath(url)) : undefined;
      return text === undefined ? loaded : { ...loaded, source: text };
    },
  });
}
