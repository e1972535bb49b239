import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAPER } from '../../packages/ui/src/theme.ts';
import { repositoryRoot } from '../stack/paths.ts';

const styles = readFileSync(join(repositoryRoot, 'packages/ui/src/styles.css'), 'utf8');
const page = readFileSync(join(repositoryRoot, 'docs/design-language.md'), 'utf8').replaceAll(/ +/g, ' ');

/** The custom properties that a block of the style sheet sets. */
function tokensOf(selector: string): Record<string, string> {
  const block = styles.split(`\n${selector} {`)[1]?.split('\n}')[0] ?? '';
  return Object.fromEntries([...block.matchAll(/^ {2}--([\w-]+): (.+);$/gm)].map(([, name, value]) => [name, value]));
}
const THEMES = { light: tokensOf(':root'), dark: tokensOf('.dark') };

/** Linear light of an opaque `oklch(L C H)`, as in the CSS Color Module Level 4, section 10. */
function linear(colour: string): [number, number, number] {
  const [lightness = 0, chroma = 0, hue = 0] = (/oklch\(([\d. ]+)\)/.exec(colour)?.[1] ?? '').split(' ').map(Number);
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const inGamut = (value: number) => Math.min(1, Math.max(0, value));
  return [
    inGamut(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    inGamut(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    inGamut(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** WCAG 2.2's contrast ratio. */
function contrast(one: string, other: string): number {
  const luminance = ([r, g, b]: [number, number, number]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const [low = 0, high = 0] = [one, other].map((colour) => luminance(linear(colour))).sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function hex(colour: string): string {
  const encode = (value: number) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);
  return `#${linear(colour)
    .map((value) =>
      Math.round(encode(value) * 255)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

const TEXT = [
  ...['paper', 'surface', 'sunken'].flatMap((ground) => [
    ['ink', ground],
    ['ink-2', ground],
  ]),
  ...['accent', 'danger', 'good', 'warn'].flatMap((tone) => [
    [tone, 'surface'],
    [tone, 'paper'],
    ['ink', `${tone}-soft`],
  ]),
  ...['danger', 'good', 'warn'].map((tone) => [tone, `${tone}-soft`]),
  ['accent-ink', 'accent'],
  ['accent-ink', 'accent-strong'],
  ['danger-ink', 'danger'],
  ['danger-ink', 'danger-strong'],
] as [string, string][];

describe.each(['light', 'dark'] as const)('the %s theme', (theme) => {
  const colour = (name: string) => THEMES[theme][name] ?? `no token ${name}`;

  it('has the same tokens as the other', () => {
    expect(Object.keys(THEMES[theme]).length).toBeGreaterThan(15);
    expect(Object.keys(THEMES.dark)).toEqual(Object.keys(THEMES.light));
  });

  it.each(TEXT)('lets %s be read on %s', (text, ground) => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['paper', 'surface'])('shows where a control ends on %s', (ground) => {
    expect(contrast(colour('edge'), colour(ground))).toBeGreaterThanOrEqual(3);
  });

  it('gives the browser’s own frame the colour of its paper', () => {
    expect(PAPER[theme]).toBe(hex(colour('paper')));
  });
});

describe('docs/design-language.md', () => {
  it.each(Object.keys(THEMES.light).filter((name) => name !== 'lift'))('names the colour %s as it is', (name) => {
    expect(page).toContain(`| \`${name}\` | \`${THEMES.light[name]}\` | \`${THEMES.dark[name]}\` |`);
  });

  it('names the corners and the motion as they are', () => {
    const rest = Object.entries(tokensOf('@theme')).filter(([name]) => /^(radius|ease|animate)-/.test(name));
    expect(rest.length).toBeGreaterThan(5);
    for (const [name, value] of rest) expect(page).toContain(`| \`${name}\` | \`${value}\` |`);
  });
});
