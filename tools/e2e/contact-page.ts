/** All pictures of screens on one static page, beside the files it shows. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pictureName, THEMES, WINDOWS } from './pictures.ts';
import type { ScreenRow } from './screens-table.ts';

/**
 * Writes `index.html` into the folder of the pictures.
 * @returns the pictures of the table that are not there
 */
export function writeContactPage(folder: string, screens: readonly ScreenRow[]): { path: string; missing: string[] } {
  const there = new Set(readdirSync(folder).filter((file) => file.endsWith('.png')));
  const missing: string[] = [];
  const shown = new Set<string>();
  const picture = (file: string): string => {
    shown.add(file);
    if (there.has(file)) return `<a href="${file}"><img src="${file}" alt="${file}" loading="lazy"></a>`;
    missing.push(file);
    return `<p class="missing">${file} is missing</p>`;
  };
  const state = ([label, name]: [string, string]): string => {
    const pictures = WINDOWS.flatMap(([width]) => THEMES.map((theme) => picture(pictureName(name, width, theme))));
    return `<figure><figcaption>${label} <code>${name}</code></figcaption><div>${pictures.join('')}</div></figure>`;
  };
  const section = ({ screen, states }: ScreenRow): string =>
    `<section id="${screen}"><h2>${screen}</h2>${Object.entries(states).map(state).join('')}</section>`;
  const sections = screens.map(section).join('\n');
  const others = [...there].filter((file) => !shown.has(file)).sort();
  const rest = `<section id="others"><h2>Others</h2><figure><div>${others.map(picture).join('')}</div></figure></section>`;
  const links = screens.map(({ screen }) => `<a href="#${screen}">${screen}</a>`).join(' ');
  const path = join(folder, 'index.html');
  writeFileSync(path, `${HEAD}<h1>Every screen in every state</h1><nav>${links}</nav>\n${sections}\n${rest}\n`);
  return { path, missing };
}

const HEAD = `<!doctype html><html lang="en"><meta charset="utf-8"><title>PixGen: every screen in every state</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; background: #ddd; color: #111 }
nav a { margin-right: .75rem }
figure { margin: 0 0 1.5rem }
figcaption { font-weight: 600; margin-bottom: .25rem }
figcaption code { font-weight: 400; color: #444 }
figure > div { display: flex; gap: .75rem; align-items: start; flex-wrap: wrap }
img { height: 360px; object-fit: cover; object-position: top; border: 1px solid #999; background: #fff }
.missing { width: 12rem; padding: 1rem; background: #fdd; overflow-wrap: anywhere }
</style>
`;
