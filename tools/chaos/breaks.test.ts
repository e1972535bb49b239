import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { BREAKS } from './breaks/breaks.ts';
import { applyEdits, breakEnvironment, editsOf, whileBroken } from './breaks/hook.ts';
import { SCENARIOS } from './scenarios/index.ts';

it.each(Object.entries(BREAKS))(
  'the break of %s fits the source, and says what shows it',
  (name, { run, scenario, test, edits }) => {
    expect([run, scenario, test].filter((shown) => shown !== undefined)).toHaveLength(1);
    const texts = applyEdits(edits);
    expect(texts.size).toBeGreaterThan(0);
    if (scenario) expect([...Object.keys(SCENARIOS), 'r6-small', 'r8-small']).toContain(scenario.name);
    expect(editsOf([name])).toEqual(edits);
  },
);

it('a break that fits no more is an error, not a break that breaks nothing', () => {
  const file = 'packages/db/src/claims.ts';
  expect(() => applyEdits([{ file, find: 'no such line', replace: '' }])).toThrow('0 times');
  expect(() => applyEdits([{ file, find: 'jobId', replace: '' }])).toThrow('times instead of once');
  expect(() => editsOf(['I99'])).toThrow('no break is called I99');
});

it('a process of the product that is told of a break runs broken, and one that is not runs sound', async () => {
  const file = join(repositoryRoot, 'packages/core/src/jobs/silence.ts');
  const print = `import { registerHooks } from 'node:module'; registerHooks({ load(url, context, next) { const loaded = next(url, context); if (url.endsWith('silence.ts')) console.log(String(loaded.source).includes('Date.parse(last.at)')); return loaded; } }); await import(${JSON.stringify(file)}).catch(() => undefined);`;
  const run = () =>
    spawnSync(process.execPath, ['--input-type=module', '--eval', print], {
      env: { PATH: process.env.PATH, ...breakEnvironment() },
      encoding: 'utf8',
    }).stdout.trim();
  expect(run()).toBe('false');
  expect(await whileBroken(['I13'], async () => run())).toBe('true');
});
